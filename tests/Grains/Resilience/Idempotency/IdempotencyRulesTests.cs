namespace Sophia.Resilience;

/// <summary>Goal: one holder at a time, one answer, nothing of an older round. Method: every sequence of eight kinds of words up to length six, each step compared with what the words before allow.</summary>
public sealed class IdempotencyRulesTests
{
    private const int Length = 6, KeptBytes = 10;
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30), KeptFor = TimeSpan.FromHours(24);

    private enum Word
    {
        ClaimByAnn, ClaimByBob, ClaimOfOther, Renew, Complete, Release, LeaseEnds, RetentionEnds,
    }

    [Fact]
    public void In_every_short_sequence_one_holder_works_at_a_time_and_one_answer_is_kept()
    {
        var walked = 0;
        Walk(new World(), 0, ref walked);
        Assert.Equal(Enumerable.Range(1, Length).Sum(length => (int)Math.Pow(8, length)), walked);
    }

    [Fact]
    public void A_repeated_word_comes_to_the_same_and_needs_no_write()
    {
        var (held, first) = Claim(null, "ann", Start);
        var (again, second) = Claim(held, "ann", Start.AddSeconds(1));
        Assert.Same(held, again);
        Assert.Equal(first.Round, second.Round);
        var done = IdempotencyRules.Complete(held, first.Round, Outcome("a"), KeptBytes, KeptFor, Start.AddSeconds(2))!;
        Assert.Same(done, IdempotencyRules.Complete(done, first.Round, Outcome("b"), KeptBytes, KeptFor, Start.AddSeconds(3)));
        var released = IdempotencyRules.Release(held, first.Round, "x", KeptFor, Start.AddSeconds(2))!;
        Assert.Same(released, IdempotencyRules.Release(released, first.Round, "y", KeptFor, Start.AddSeconds(3)));
        Assert.Null(IdempotencyRules.Release(done, first.Round, "y", KeptFor, Start.AddSeconds(3)));
        Assert.Null(IdempotencyRules.Complete(released, first.Round, Outcome("a"), KeptBytes, KeptFor, Start.AddSeconds(3)));
    }

    [Fact]
    public void A_takeover_comes_with_the_end_of_the_lease_and_not_a_tick_sooner()
    {
        var (held, first) = Claim(null, "ann", Start);
        Assert.Equal(ClaimKind.Running, Claim(held, "bob", Start + Lease - TimeSpan.FromTicks(1)).Answer.Kind);
        var (taken, second) = Claim(held, "bob", Start + Lease);
        Assert.Equal((ClaimKind.TakenOver, 2), (second.Kind, taken.Attempts));
        Assert.Null(IdempotencyRules.Complete(taken, first.Round, Outcome("late"), KeptBytes, KeptFor, Start + Lease));
        Assert.Null(IdempotencyRules.Renew(taken, first.Round, Lease, Start + Lease));
        Assert.NotNull(IdempotencyRules.Complete(taken, second.Round, Outcome("bob"), KeptBytes, KeptFor, Start + Lease));
    }

    [Fact]
    public void Work_that_outlasts_its_lease_and_was_not_taken_over_keeps_its_answer()
    {
        var (held, first) = Claim(null, "ann", Start);
        var done = IdempotencyRules.Complete(held, first.Round, Outcome("ann"), KeptBytes, KeptFor, Start + Lease + Lease)!;
        Assert.Equal(ClaimKind.Replayed, Claim(done, "bob", Start + Lease + Lease).Answer.Kind);
    }

    [Fact]
    public void A_renewed_key_outlives_the_retention_and_ends_with_its_lease()
    {
        var (held, first) = Claim(null, "ann", Start);
        var renewed = IdempotencyRules.Renew(held, first.Round, Lease, Start + KeptFor)!;
        Assert.Equal(ClaimKind.Running, Claim(renewed, "bob", Start + KeptFor + Lease - TimeSpan.FromTicks(1)).Answer.Kind);
        Assert.Equal(Start + KeptFor + Lease, renewed.KeptUntil);
        Assert.Equal(ClaimKind.Granted, Claim(renewed, "bob", Start + KeptFor + Lease).Answer.Kind);
    }

    [Fact]
    public void The_retention_counts_from_the_last_word()
    {
        var (held, first) = Claim(null, "ann", Start);
        var done = IdempotencyRules.Complete(held, first.Round, Outcome("a"), KeptBytes, KeptFor, Start.AddHours(1))!;
        Assert.Equal(ClaimKind.Replayed, Claim(done, "bob", Start.AddHours(25) - TimeSpan.FromTicks(1)).Answer.Kind);
        Assert.Equal(ClaimKind.Granted, Claim(done, "bob", Start.AddHours(25)).Answer.Kind);
        Assert.Null(IdempotencyRules.View(done, "k", 0, Start.AddHours(25)));
    }

    [Fact]
    public void An_answer_over_the_limit_leaves_its_status_and_why()
    {
        var kept = IdempotencyRules.Kept(Outcome("12345678901"), KeptBytes);
        Assert.Equal((200, 0), (kept.Status, kept.Body.Length));
        Assert.Contains("11 bytes", kept.NotKept);
        Assert.Null(IdempotencyRules.Kept(Outcome("1234567890"), KeptBytes).NotKept);
        Assert.Empty(IdempotencyRules.Kept(Outcome("secret") with { NotKept = "It is a secret." }, KeptBytes).Body);
        Assert.Empty(IdempotencyRules.Kept(Outcome("\u000112345678901") with { NotKept = "It is sealed." }, KeptBytes).Body);
    }

    [Fact]
    public void A_sealed_answer_is_kept_until_records_are_erased()
    {
        var (held, first) = Claim(null, "ann", Start);
        var done = IdempotencyRules.Complete(held, first.Round, Outcome("\u0001sealed") with { NotKept = "It is sealed." }, KeptBytes, KeptFor, Start)!;
        Assert.True(Claim(done, "bob", Start).Answer.Outcome!.IsSealed);
        var bare = IdempotencyRules.Forgotten(done);
        Assert.False(bare.Outcome!.IsSealed);
        Assert.Empty(bare.Outcome.Body);
        Assert.Same(bare, IdempotencyRules.Forgotten(bare));
    }

    /// <summary>A row that was removed and made again never has a stamp that an old activation could expect.</summary>
    [Fact]
    public void Stamps_rise_across_a_row_that_was_removed_and_made_again()
    {
        var (held, first) = Claim(null, "ann", Start);
        var done = IdempotencyRules.Complete(held, first.Round, Outcome("a"), KeptBytes, KeptFor, Start)!;
        var (anew, _) = Claim(null, "bob", Start + KeptFor);
        Assert.True(done.Stamp > held.Stamp && anew.Stamp > done.Stamp);
    }

    private static void Walk(World world, int depth, ref int walked)
    {
        if (depth == Length)
            return;
        foreach (var word in Enum.GetValues<Word>())
        {
            walked++;
            Walk(world.After(word), depth + 1, ref walked);
        }
    }

    private static (IdempotencyRecord After, ClaimAnswer Answer) Claim(IdempotencyRecord? record, string holder, DateTimeOffset now, string fingerprint = "f") =>
        IdempotencyRules.Claim(record, new IdempotencyClaim(holder, fingerprint, "POST /x", Lease), KeptFor, now);

    private static IdempotentOutcome Outcome(string body) => new(200, [], System.Text.Encoding.UTF8.GetBytes(body));

    /// <summary>What the words so far must have led to, kept in other terms than the record: whose turn it is, what was answered, what is over.</summary>
    private sealed record World
    {
        private IdempotencyRecord? Record { get; init; }

        private DateTimeOffset Now { get; init; } = Start;

        private string? Holder { get; init; }

        private bool LeaseOver { get; init; }

        /// <summary>The retention is over, and the row still there.</summary>
        private bool Over { get; init; }

        /// <summary>The retention ended while somebody was at it: he may go on, and with his lease it is over.</summary>
        private bool OverWithTheLease { get; init; }

        private string? Fingerprint { get; init; }

        private string? Answered { get; init; }

        /// <summary>Rounds that were ever granted, with their holders; the last may still be his.</summary>
        private (long Round, string Holder)[] Rounds { get; init; } = [];

        public World After(Word word) => word switch
        {
            Word.ClaimByAnn => Claimed("ann", "f"),
            Word.ClaimByBob => Claimed("bob", "f"),
            Word.ClaimOfOther => Claimed("eve", "g"),
            Word.Renew => Said(round => IdempotencyRules.Renew(Record, round, Lease, Now), this with { LeaseOver = false }, repeats: false),
            Word.Complete => Said(round => IdempotencyRules.Complete(Record, round, Outcome(Holder ?? "nobody"), KeptBytes, KeptFor, Now), this with { Answered = Holder, Holder = null, OverWithTheLease = false }, repeats: Answered is not null),
            Word.Release => Said(round => IdempotencyRules.Release(Record, round, "x", KeptFor, Now), this with { Holder = null, OverWithTheLease = false }, repeats: Answered is null),
            Word.LeaseEnds => this with { Now = Now + Lease, LeaseOver = true, Over = Over || OverWithTheLease },
            _ => this with { Now = Now + KeptFor + Lease, LeaseOver = true, Over = true, OverWithTheLease = Holder is not null },
        };

        private World Claimed(string who, string fingerprint)
        {
            var (after, answer) = Claim(Record, who, Now, fingerprint);
            var holds = Holder == who && !LeaseOver;
            var expected = Fingerprint is null || Over ? ClaimKind.Granted
                : fingerprint != Fingerprint ? ClaimKind.Mismatch
                : Answered is not null ? ClaimKind.Replayed
                : holds ? Record!.Attempts > 1 ? ClaimKind.TakenOver : ClaimKind.Granted
                : Holder is null || LeaseOver ? ClaimKind.TakenOver
                : ClaimKind.Running;
            Assert.Equal(expected, answer.Kind);
            if (expected is ClaimKind.Mismatch or ClaimKind.Replayed or ClaimKind.Running || (holds && !Over))
            {
                Assert.Same(Record, after);
                Assert.Equal(expected == ClaimKind.Replayed ? Answered : null, answer.Outcome is { } outcome ? System.Text.Encoding.UTF8.GetString(outcome.Body) : null);
                return this;
            }
            Assert.True(after.Stamp > (Record?.Stamp ?? 0) && Rounds.All(known => known.Round < answer.Round));
            return this with { Record = after, Holder = who, LeaseOver = false, Over = false, OverWithTheLease = false, Fingerprint = fingerprint, Answered = null, Rounds = [.. Rounds, (answer.Round, who)] };
        }

        /// <summary>Everybody who was ever granted a round says it; only the last may be heard, and only once to an effect.</summary>
        private World Said(Func<long, IdempotencyRecord?> say, World heard, bool repeats)
        {
            Assert.All(Rounds.SkipLast(1), known => Assert.Null(say(known.Round)));
            if (Rounds is [])
                return this;
            var after = say(Rounds[^1].Round);
            if (Holder is not null)
            {
                Assert.True(after is not null && after.Stamp > Record!.Stamp);
                return heard with { Record = after, Over = false };
            }
            Assert.Same(repeats ? Record : null, after);
            return this;
        }
    }
}
