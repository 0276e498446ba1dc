using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Pipelines;

// Goal: a source is opened only as its breaker and its budget have it, and its breaker is told what its first answer was. Method: a source that fails on command, a breaker that writes down.
public sealed class GuardedSourceTests
{
    private readonly WrittenBreaker breaker = new();
    private readonly FailingSource source = new();

    [Fact]
    public async Task A_source_that_answers_is_a_success_once_however_long_it_is_read()
    {
        await using (var reader = await Open())
            for (var batch = 0; batch < 3; batch++)
                await reader.Read(BatchBudget.Default, default);
        Assert.Equal([CallOutcome.Success], breaker.Told);
    }

    [Fact]
    public async Task Repetitions_of_a_busy_source_are_the_lane_s_own_then_the_budget_s_and_then_nobody_asks_it_until_there_are_more()
    {
        source.Fails = new SourceException("Gong answers 503.", transient: true);
        for (var attempt = 0; attempt < 1 + 1 + 2; attempt++)
        {
            var failure = await Assert.ThrowsAsync<SourceException>(Open);
            Assert.InRange(failure.NotBefore!.Value - time.GetUtcNow(), Pause / 2, Pause);
            Assert.Same(failure, await Assert.ThrowsAsync<SourceException>(Open)); // It is left alone so long.
            time.Advance(Pause);
        }
        for (var look = 0; look < 3; look++)
        {
            var waits = await Assert.ThrowsAsync<SourceException>(Open);
            Assert.Equal((true, time.GetUtcNow() + SourceTries.LookAgainAfter, "source-gong failed so often that its budget of repetitions is spent for now."), (waits.Transient, waits.NotBefore, waits.Message));
        }
        Assert.Equal(4, source.Opened);
        time.Advance(SourceTries.OwnEvery);
        Assert.Equal("Gong answers 503.", (await Assert.ThrowsAsync<SourceException>(Open)).Message);
        time.Advance(Pause);
        Assert.Equal("source-gong failed so often that its budget of repetitions is spent for now.", (await Assert.ThrowsAsync<SourceException>(Open)).Message);
        Assert.Equal([.. Enumerable.Repeat(CallOutcome.Failed, 4), .. Enumerable.Repeat(CallOutcome.Abandoned, 3), CallOutcome.Failed, CallOutcome.Abandoned], breaker.Told);
    }

    [Fact]
    public async Task A_source_that_answered_is_opened_anew_without_a_repetition()
    {
        for (var opened = 0; opened < 10; opened++)
        {
            source.Fails = opened % 5 == 0 ? new SourceException("Gong answers 503.", transient: true) : null;
            if (source.Fails is not null)
            {
                await Assert.ThrowsAsync<SourceException>(Open);
                time.Advance(Pause);
            }
            else
                await using (var reader = await Open())
                    await reader.Read(BatchBudget.Default, default);
        }
        Assert.Equal((10, 8), (source.Opened, breaker.Told.Count(outcome => outcome == CallOutcome.Success)));
    }

    [Fact]
    public async Task A_source_set_up_wrongly_says_nothing_against_its_service_and_one_that_nobody_read_neither()
    {
        source.Fails = new SourceException("The token is refused.", transient: false);
        await Assert.ThrowsAsync<SourceException>(Open);
        source.Fails = null;
        await (await Open()).DisposeAsync();
        Assert.Equal([CallOutcome.Refused, CallOutcome.Abandoned], breaker.Told);
    }

    [Fact]
    public async Task Nothing_is_opened_while_the_breaker_lets_nobody_through_and_the_run_is_told_why_and_until_when()
    {
        breaker.Refuses = new BreakerRefusal(BreakerRefusalReason.Open, "source-gong is not asked for now: 5 failures in a row", DateTimeOffset.UnixEpoch);
        var refused = await Assert.ThrowsAsync<SourceException>(Open);
        Assert.Equal((true, DateTimeOffset.UnixEpoch, "source-gong is not asked for now: 5 failures in a row.", 0), (refused.Transient, refused.NotBefore, refused.Message, source.Opened));
    }

    [Fact]
    public async Task A_folder_has_no_policy()
    {
        source.Name = null;
        await using var reader = await Open();
        Assert.IsNotType<GuardedSource>(reader);
        Assert.Empty(breaker.Told);
    }

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly HurriedTime time = new();
    private LonePolicies? policies;
    private SourceTries? tries;

    private Task<ISourceReader> Open()
    {
        var options = new PoliciesOptions();
        options.Dependencies["source-*"] = new PolicyOptions { BudgetFloor = 2, BudgetShare = 0, BudgetWindow = TimeSpan.FromMinutes(10), RetryAfter = Pause, LongestRetryAfter = Pause };
        policies ??= new LonePolicies(options, new Random(1), TimeProvider.System, new Only(breaker));
        return GuardedSource.Open(source, policies, tries ??= new SourceTries(time), new SourceContext("acme", "crm", new SourceDefinition("airbyte", new Dictionary<string, string>())), new SourcePartition("read", "1", 0), null, default);
    }

    private sealed class FailingSource : ISourceKind
    {
        public string? Name { get; set; } = "source-gong";

        public SourceException? Fails { get; set; }

        public int Opened { get; private set; }

        public string Type => "airbyte";

        public string? Dependency(SourceContext source) => Name;

        public IAsyncEnumerable<SourcePartition> Partitions(SourceContext source, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<ISourceReader> Open(SourceContext source, SourcePartition partition, string? state, CancellationToken cancellation)
        {
            Opened++;
            return Fails is { } failure ? throw failure : Task.FromResult<ISourceReader>(new OneRecord());
        }
    }

    private sealed class OneRecord : ISourceReader
    {
        public ValueTask<SourceBatch?> Read(BatchBudget budget, CancellationToken cancellation) => new(new SourceBatch([new SourceRecord("s", "1", Log.RecordOperation.Upsert, "{}"u8.ToArray(), 0, 2, 1)], [], "{}", 2));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Only(IBreaker breaker) : IBreakers
    {
        public IBreaker For(TenantId tenant, string dependency) => breaker;

        public IBreaker OfInstallation(string dependency) => throw new InvalidOperationException("A source is its tenant's.");
    }

    private sealed class WrittenBreaker : BreakerCalls, IBreaker
    {
        public List<CallOutcome> Told { get; } = [];

        public BreakerRefusal? Refuses { get; set; }

        public string Dependency => "source-gong";

        public BreakerEntry TryEnter() => Refuses is { } refusal ? new BreakerEntry(refusal) : new BreakerEntry(new BreakerPermit(this, 1, 0, 0));

        public ValueTask<BreakerEntry> Enter(CancellationToken cancellation) => new(TryEnter());

        public override void Report(in BreakerPermit permit, CallOutcome outcome, TimeSpan? took) => Told.Add(outcome);
    }
}
