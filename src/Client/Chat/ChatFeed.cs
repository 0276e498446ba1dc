using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Sophia.Chat;

/// <summary>Reads a conversation's events for one caller, each number once, also when the conversation moves to another activation meanwhile.</summary>
internal sealed class ChatFeed(IGrainFactory grains, TimeProvider time)
{
    /// <exception cref="RefusedException">The name is no conversation's; the number is out of range.</exception>
    public async IAsyncEnumerable<ChatEvent> Read(TenantId tenant, string session, long after, bool follow, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var grain = grains.Conversation(tenant, session);
        for (var failures = 0; ;)
        {
            var events = grain.Events(after, follow, cancellation).GetAsyncEnumerator(cancellation);
            try
            {
                while (await Step(tenant, events, failures) is var (outcome, happened) && outcome != Outcome.Moved)
                {
                    if (outcome == Outcome.Ended)
                        yield break;
                    failures = 0;
                    after = happened!.Number;
                    yield return happened;
                }
            }
            finally
            {
                // The context of a caller does not survive a step of an iterator: it is set for each call anew.
                using (CallerContext.For(tenant))
                    await events.DisposeAsync();
            }
            failures++;
            await Task.Delay(ChatEdgeLimits.ReopenAfter * (1 << (failures - 1)), time, cancellation);
        }
    }

    private enum Outcome
    {
        Event = 1,
        Ended = 2,
        Moved = 3,
    }

    private static async Task<(Outcome, ChatEvent?)> Step(TenantId tenant, IAsyncEnumerator<ChatEvent> events, int failures)
    {
        try
        {
            using (CallerContext.For(tenant))
                return await events.MoveNextAsync() ? (Outcome.Event, events.Current) : (Outcome.Ended, null);
        }
        catch (Exception e) when (failures < ChatEdgeLimits.Reopenings && e is EnumerationAbortedException or OrleansMessageRejectionException or TimeoutException or RefusedException { Code: RefusalCode.Unavailable })
        {
            return (Outcome.Moved, null);
        }
    }
}

internal static class ChatGrains
{
    /// <exception cref="RefusedException">Invalid: no name.</exception>
    public static IChatSessionGrain Conversation(this IGrainFactory grains, TenantId tenant, string? session) =>
        TenantId.IsName(session)
            ? grains.GetGrain<IChatSessionGrain>(TenantKey.Of(tenant, session!))
            : throw new RefusedException(RefusalCode.Invalid, "A conversation is named by 1 to 63 of a-z, 0-9 and '-', not starting with '-'.");
}
