using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Sophia.Knowledge;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Chat;

// Goal: a model's endpoint is called only where its breaker lets it, and each attempt is reported for what it was. Method: real HTTP against a stand-in, and a breaker that writes down what it is told.
public sealed class GuardedModelTests
{
    private readonly ManualTime time = new(); // It stands: no answer is late.
    private readonly WrittenBreaker breaker = new();

    [Theory]
    [InlineData(503, CallOutcome.Failed)]
    [InlineData(408, CallOutcome.Failed)]
    [InlineData(429, CallOutcome.Throttled)]
    [InlineData(400, CallOutcome.Refused)]
    [InlineData(401, CallOutcome.Refused)]
    public async Task Each_status_is_reported_for_what_it_says_of_the_endpoint(int status, CallOutcome outcome)
    {
        await using var endpoint = await StandInEndpoint.Start(StandInEndpoint.Refuses(status));
        await Assert.ThrowsAsync<AnswerModelException>(() => Ask(endpoint.Url, retries: 0));
        Assert.Equal([outcome], breaker.Told);
    }

    [Fact]
    public async Task Each_attempt_is_a_call_of_its_own_and_the_one_that_helps_is_a_success()
    {
        await using var endpoint = await StandInEndpoint.Start(StandInEndpoint.Refuses(503, "0"), StandInEndpoint.Dies(Task.CompletedTask), StandInEndpoint.Says("at last"));
        await Ask(endpoint.Url, retries: 2);
        Assert.Equal([CallOutcome.Failed, CallOutcome.Unreachable, CallOutcome.Success], breaker.Told);
    }

    [Fact]
    public async Task What_is_no_answer_is_a_bad_one()
    {
        await using var endpoint = await StandInEndpoint.Start(StandInEndpoint.Sends("data: {not json\n\n"));
        await Assert.ThrowsAsync<AnswerModelException>(() => Ask(endpoint.Url, retries: 0));
        Assert.Equal([CallOutcome.BadAnswer], breaker.Told);
    }

    [Fact]
    public async Task Nobody_is_called_while_it_lets_nobody_through_and_the_reason_is_told()
    {
        await using var endpoint = await StandInEndpoint.Start(StandInEndpoint.Says("never"));
        breaker.Refuses = new BreakerRefusal(BreakerRefusalReason.Open, "model is not asked for now: 5 failures in a row", DateTimeOffset.UnixEpoch);
        Assert.Equal("model is not asked for now: 5 failures in a row", (await Assert.ThrowsAsync<AnswerModelException>(() => Ask(endpoint.Url, retries: 2))).Message);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task An_embedding_endpoint_that_is_not_asked_has_the_second_one_asked()
    {
        await using var first = await StandInEndpoint.Start(StandInEndpoint.Sends("""{"data":[{"embedding":[9,9]}]}""", "application/json"));
        await using var second = await StandInEndpoint.Start(StandInEndpoint.Sends("""{"data":[{"embedding":[0,2]}]}""", "application/json"));
        breaker.Refuses = new BreakerRefusal(BreakerRefusalReason.Isolated, "embedding is isolated: it costs too much", DateTimeOffset.UnixEpoch);
        var options = new EmbeddingModelOptions { Primary = new EmbeddingEndpoint(first.Url, null), Secondary = new EmbeddingEndpoint(second.Url, null), Model = "acme/e5" };
        using var embedder = new OpenAiEmbedder(options, time, Policies(OpenAiEmbedder.Dependency, 0), NullLogger<OpenAiEmbedder>.Instance);
        var made = await embedder.GenerateAsync(["one"]);
        Assert.Equal([0f, 1f], made[0].Vector.ToArray());
        Assert.Empty(first.Requests);
    }

    private async Task Ask(Uri url, int retries)
    {
        using var model = new OpenAiAnswerModel(new AnswerModelOptions { Url = url, Name = "acme-1" }, time, Policies(OpenAiAnswerModel.Dependency, retries), NullLogger<OpenAiAnswerModel>.Instance);
        await foreach (var _ in model.Answer(new AnswerPrompt("Who owns it?", [], []), default))
        {
        }
    }

    private LonePolicies Policies(string dependency, int retries)
    {
        var options = new PoliciesOptions();
        options.Dependencies[dependency] = options.Of(dependency) with { Retries = retries, RetryAfter = TimeSpan.Zero };
        return new LonePolicies(options, new Random(7), time, new OnlyOf(breaker, dependency));
    }

    private sealed class OnlyOf(WrittenBreaker breaker, string only) : IBreakers
    {
        public IBreaker For(TenantId tenant, string dependency) => throw new InvalidOperationException("These endpoints are everybody's.");

        public IBreaker OfInstallation(string dependency) => dependency == only ? breaker : new WrittenBreaker();
    }

    private sealed class WrittenBreaker : BreakerCalls, IBreaker
    {
        public ConcurrentQueue<CallOutcome> Told { get; } = new();

        public BreakerRefusal? Refuses { get; set; }

        public string Dependency => "written";

        public BreakerEntry TryEnter() => Refuses is { } refusal ? new BreakerEntry(refusal) : new BreakerEntry(new BreakerPermit(this, 1, 0, 0));

        public ValueTask<BreakerEntry> Enter(CancellationToken cancellation) => new(TryEnter());

        public override void Report(in BreakerPermit permit, CallOutcome outcome, TimeSpan? took) => Told.Enqueue(outcome);
    }
}
