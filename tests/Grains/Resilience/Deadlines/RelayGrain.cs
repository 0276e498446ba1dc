using System.Collections.Concurrent;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Hands a route on, hop by hop, and writes down what is left of the deadline at each. A route is a word of hops: <c>w</c> waits for its caller (marked), <c>d</c> does (not marked).</summary>
public interface IRelayGrain : IGrainWithStringKey
{
    [EndsAtDeadline]
    Task Wait(string route, int at);

    Task Do(string route, int at);

    /// <summary>Sets going what nobody waits for: a call without an answer, and a timer.</summary>
    [EndsAtDeadline]
    Task Begin();

    [OneWay]
    Task Nobody();

    /// <summary>Stays until <see cref="RelayJournal.Go"/>, and tells what was left before and after.</summary>
    [EndsAtDeadline]
    Task<string> Stay();
}

/// <summary>What hops write down, and the clock that each of them moves by a second.</summary>
public sealed class RelayJournal
{
    private readonly ConcurrentQueue<string> lines = new();

    public Action Hop { get; set; } = static () => { };

    public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<string> Lines => [.. lines];

    public void Write(string line) => lines.Enqueue(line);

    public void Clear() => lines.Clear();

    public static string Left(TimeProvider time) => Deadline.Left(time) is { } left ? $"{Math.Round(left.TotalSeconds)}" : "-";
}

/// <summary>Lets calls of several callers into its awaits, so that they interleave: no state of its own is at stake.</summary>
[Reentrant]
public sealed class RelayGrain(RelayJournal journal, [Microsoft.Extensions.DependencyInjection.FromKeyedServices(RelayGrain.Clock)] TimeProvider time) : Grain, IRelayGrain
{
    /// <summary>The clock of deadlines; the runtime has its own.</summary>
    public const string Clock = "deadlines";

    private string woken = "";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        woken = RelayJournal.Left(time);
        if (this.GetPrimaryKeyString() == "wakes")
            await GrainFactory.GetGrain<IRelayGrain>("woken by one that woke").Wait("w", 0);
    }

    public Task Wait(string route, int at) => Hop(route, at);

    public Task Do(string route, int at) => Hop(route, at);

    public Task Begin()
    {
        this.RegisterGrainTimer(_ =>
        {
            journal.Write($"timer {RelayJournal.Left(time)}");
            return GrainFactory.GetGrain<IRelayGrain>("after the timer").Wait("w", 0);
        }, new GrainTimerCreationOptions { DueTime = TimeSpan.Zero, Period = Timeout.InfiniteTimeSpan });
        return GrainFactory.GetGrain<IRelayGrain>("nobody").Nobody();
    }

    public Task Nobody()
    {
        journal.Write($"nobody {RelayJournal.Left(time)}");
        return Task.CompletedTask;
    }

    public async Task<string> Stay()
    {
        var before = RelayJournal.Left(time);
        journal.Write("stays");
        await journal.Go.Task;
        await GrainFactory.GetGrain<IRelayGrain>(this.GetPrimaryKeyString()).Do("d", 0);
        return $"{before} {RelayJournal.Left(time)}";
    }

    private async Task Hop(string route, int at)
    {
        journal.Write($"{this.GetPrimaryKeyString()} {RelayJournal.Left(time)} woken {woken}");
        journal.Hop();
        if (at + 1 == route.Length)
            return;
        var next = GrainFactory.GetGrain<IRelayGrain>($"{route} {at + 1}");
        try
        {
            await (route[at + 1] == 'w' ? next.Wait(route, at + 1) : next.Do(route, at + 1));
        }
        catch (RefusedException refused) when (refused.Code == RefusalCode.DeadlinePassed && route[at] == 'd')
        {
            journal.Write("refused within a change"); // Never: what a change calls has no deadline.
        }
        journal.Write($"{this.GetPrimaryKeyString()} ends");
    }
}
