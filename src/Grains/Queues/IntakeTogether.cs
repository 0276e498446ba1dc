using Sophia.Operations;

namespace Sophia.Queues;

/// <summary>What comes in while the store takes in something else goes there together next, as one write. For one grain: not for threads at once.</summary>
/// <param name="take">Takes all of them in, or none.</param>
internal sealed class IntakeTogether(Func<IReadOnlyList<NewWork>, Task<IReadOnlyList<EnqueueAnswer>>> take)
{
    /// <summary>Items of one write, unless one call has more by itself.</summary>
    public const int MostItems = 500;

    /// <summary>Characters of payloads of one write, unless one call has more by itself: 4 Mi.</summary>
    public const int MostCharacters = 4 * 1024 * 1024;

    private readonly Queue<(IReadOnlyList<NewWork> Items, TaskCompletionSource<IReadOnlyList<EnqueueAnswer>> Told)> waiting = new();
    private bool taking;

    /// <summary>One answer for each item, in order, once it is kept.</summary>
    /// <remarks>What the store refuses is tried again call by call, so that only the guilty one is refused. Any other failure leaves open what was kept, so all are told.</remarks>
    public Task<IReadOnlyList<EnqueueAnswer>> Take(IReadOnlyList<NewWork> items)
    {
        var told = new TaskCompletionSource<IReadOnlyList<EnqueueAnswer>>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue((items, told));
        if (!taking)
            _ = TakeAll();
        return told.Task;
    }

    private async Task TakeAll()
    {
        taking = true;
        while (waiting.Count > 0)
        {
            var group = Next();
            try
            {
                await Take(group);
            }
            catch (RefusedException) when (group.Count > 1)
            {
                foreach (var call in group)
                    await TakeAlone(call);
            }
            catch (Exception failure)
            {
                group.ForEach(call => call.Told.SetException(failure));
            }
        }
        taking = false;
    }

    private async Task TakeAlone((IReadOnlyList<NewWork> Items, TaskCompletionSource<IReadOnlyList<EnqueueAnswer>> Told) call)
    {
        try
        {
            await Take([call]);
        }
        catch (Exception failure)
        {
            call.Told.SetException(failure);
        }
    }

    private async Task Take(List<(IReadOnlyList<NewWork> Items, TaskCompletionSource<IReadOnlyList<EnqueueAnswer>> Told)> group)
    {
        var answers = await take(group.Count == 1 ? group[0].Items : [.. group.SelectMany(call => call.Items)]);
        var at = 0;
        foreach (var (items, told) in group)
        {
            told.SetResult(group.Count == 1 ? answers : [.. answers.Skip(at).Take(items.Count)]);
            at += items.Count;
        }
    }

    private List<(IReadOnlyList<NewWork> Items, TaskCompletionSource<IReadOnlyList<EnqueueAnswer>> Told)> Next()
    {
        var (group, items, characters) = (new List<(IReadOnlyList<NewWork>, TaskCompletionSource<IReadOnlyList<EnqueueAnswer>>)>(), 0, 0L);
        while (waiting.TryPeek(out var next) && (group.Count == 0 || (items + next.Items.Count <= MostItems && characters + Characters(next.Items) <= MostCharacters)))
        {
            (items, characters) = (items + next.Items.Count, characters + Characters(next.Items));
            group.Add(waiting.Dequeue());
        }
        return group;
    }

    private static long Characters(IReadOnlyList<NewWork> items) => items.Sum(item => (long)item.Payload.Length);
}
