namespace Sophia.Pipelines;

/// <summary>Every sequence of up to five things that can happen to a pipeline's runs.</summary>
public sealed class RunRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private const int Length = 5;

    [Fact]
    public void Every_short_sequence_keeps_the_promises_of_a_run()
    {
        var sequences = 0;
        Walk(null, TimeSpan.Zero, [], ref sequences);
        Assert.Equal(8 + 64 + 512 + 4_096 + 32_768, sequences);
    }

    private static void Walk(RunRow? run, TimeSpan paused, string[] story, ref int sequences)
    {
        if (story.Length == Length)
            return;
        var now = Start.AddMinutes(story.Length + 1);
        foreach (var (name, happened) in Events(now, story.Length))
        {
            sequences++;
            string[] told = [.. story, name];
            var decision = RunRules.Decide(run, happened, now);
            var after = decision is RunDecision.Change change ? change.After : run;
            var sleeping = run is { State: RunState.Paused } or { State: RunState.Failed, EndedAt: not null } ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;
            var resting = after is not null && ReferenceEquals(happened, (happened as RunEvent.Start)) && decision is RunDecision.Change ? TimeSpan.Zero : paused + sleeping;
            Holds(run, after, decision, happened, resting, now, string.Join(", ", told));
            Walk(after, resting, told, ref sequences);
        }
    }

    private static void Holds(RunRow? run, RunRow? after, RunDecision decision, RunEvent happened, TimeSpan rested, DateTimeOffset now, string story)
    {
        if (after is null)
            return;
        var over = after.State is RunState.Succeeded or RunState.Failed or RunState.Cancelled;
        Assert.True(over == after.EndedAt is not null, $"{story}: ended {after.EndedAt} while {after.State}");
        Assert.True((after.State == RunState.Failed) == (after.Error is not null), $"{story}: error {after.Error} while {after.State}");
        Assert.True(after.PausedFor >= TimeSpan.Zero && after.PausedFor <= now - after.StartedAt, $"{story}: paused for {after.PausedFor}");
        if (after.State is RunState.Running or RunState.Succeeded)
            Assert.True(after.PausedFor == rested, $"{story}: paused for {after.PausedFor}, really {rested}");
        if (run is { State: RunState.Succeeded or RunState.Cancelled } && happened is not RunEvent.Start)
            Assert.True(after == run, $"{story}: {run.State} is final");
        if (happened is RunEvent.Start && run is { State: RunState.Running or RunState.Paused })
            Assert.True(decision is RunDecision.Refuse refused && refused.Reason.Contains(run.RunId, StringComparison.Ordinal), $"{story}: two runs at once");
        if (happened is RunEvent.Finish or RunEvent.Fail or RunEvent.Wake)
            Assert.False(decision is RunDecision.Refuse && run is not null, $"{story}: the pump's own news is never refused");
        if (happened is RunEvent.Wake && run is { DryRun: false })
            Assert.True(after == run, $"{story}: waking changes nothing");
    }

    private static IEnumerable<(string Name, RunEvent Event)> Events(DateTimeOffset now, int number)
    {
        yield return ("start", new RunEvent.Start(Fresh(now, number, false)));
        yield return ("dry start", new RunEvent.Start(Fresh(now, number, true)));
        yield return ("pause", new RunEvent.Pause());
        yield return ("resume", new RunEvent.Resume());
        yield return ("cancel", new RunEvent.Cancel());
        yield return ("finish", new RunEvent.Finish());
        yield return ("fail", new RunEvent.Fail("broken"));
        yield return ("wake", new RunEvent.Wake());
    }

    private static RunRow Fresh(DateTimeOffset now, int number, bool dry) =>
        new($"crm-{number}", "crm", 1, dry, RunState.Running, "asked", now, now, null, TimeSpan.Zero, new RunCounts(), 0, 0, null, null, 0);
}
