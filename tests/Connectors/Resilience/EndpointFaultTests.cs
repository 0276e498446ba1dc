using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Sophia.Chat;
using Sophia.Knowledge;

namespace Sophia.Resilience;

// Goal: whatever a server does to its callers, they make no more requests than their budget has, and go away when they no longer wait. Method: real HTTP on the loopback against a server that hangs, resets, answers 429 and 503.
public sealed class EndpointFaultTests
{
    private const int Calls = 60;

    /// <summary>0: the connection is cut.</summary>
    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(429)]
    [InlineData(0)]
    public async Task A_server_that_fails_for_all_is_asked_by_the_share_of_the_budget_more_and_no_more(int status)
    {
        var acts = Enumerable.Repeat(status == 0 ? StandInEndpoint.Dies(Task.CompletedTask) : StandInEndpoint.Refuses(status, "0"), Calls * 4).ToArray();
        await using var endpoint = await StandInEndpoint.Start(acts);
        using var model = Model(endpoint, new PolicyOptions { Retries = 3, RetryAfter = TimeSpan.FromMilliseconds(1), BudgetShare = 0.1, BudgetFloor = 3, BudgetWindow = TimeSpan.FromMinutes(10), AttemptWithin = TimeSpan.FromSeconds(60), Within = TimeSpan.FromMinutes(5), MostAtOnce = 8 });
        await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => Assert.ThrowsAsync<AnswerModelException>(() => Ask(model, default))));
        Assert.Equal(Calls + 3 + Calls / 10, endpoint.Requests.Count);
    }

    [Fact]
    public async Task A_burst_of_refusals_is_outlived_without_an_error()
    {
        await using var endpoint = await StandInEndpoint.Start([StandInEndpoint.Refuses(503), StandInEndpoint.Refuses(429, "0"), .. Enumerable.Repeat(StandInEndpoint.Says("yes"), 20)]);
        using var model = Model(endpoint, new PolicyOptions { RetryAfter = TimeSpan.FromMilliseconds(1), AttemptWithin = TimeSpan.FromSeconds(60), Within = TimeSpan.FromMinutes(5) });
        for (var call = 0; call < 10; call++)
            Assert.Equal("yes", await Ask(model, default));
        Assert.Equal(12, endpoint.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_hangs_sees_that_its_caller_went_when_the_time_is_over()
    {
        var hung = new Hanging();
        await using var endpoint = await StandInEndpoint.Start(hung.Act);
        var time = new ManualTime();
        using var model = Model(endpoint, new PolicyOptions { AttemptWithin = TimeSpan.FromSeconds(30), Retries = 0 }, time);
        var asked = Ask(model, default);
        await endpoint.Asked();
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Contains("no first word within 30 seconds", (await Assert.ThrowsAsync<AnswerModelException>(() => asked)).Message);
        await hung.Left;
    }

    [Fact]
    public async Task A_server_that_hangs_sees_that_its_caller_s_deadline_is_over_and_is_not_asked_again()
    {
        var hung = new Hanging();
        await using var endpoint = await StandInEndpoint.Start(hung.Act, StandInEndpoint.Says("never"));
        var time = new ManualTime();
        using var model = Model(endpoint, new PolicyOptions(), time);
        using (Deadline.Until(time.GetUtcNow() + TimeSpan.FromSeconds(3)))
        {
            var asked = Ask(model, default);
            await endpoint.Asked();
            time.Advance(TimeSpan.FromSeconds(3));
            await Assert.ThrowsAsync<AnswerModelException>(() => asked);
        }
        await hung.Left;
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task A_server_that_hangs_sees_that_its_caller_gave_up()
    {
        var hung = new Hanging();
        await using var endpoint = await StandInEndpoint.Start(hung.Act);
        using var model = Model(endpoint, new PolicyOptions(), new ManualTime());
        using var gone = new CancellationTokenSource();
        var asked = Ask(model, gone.Token);
        await endpoint.Asked();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await hung.Left;
    }

    [Fact]
    public async Task A_hedge_answers_where_the_first_request_hangs_and_the_first_is_let_go()
    {
        var hung = new Hanging();
        await using var endpoint = await StandInEndpoint.Start(hung.Act, StandInEndpoint.Says("quick"));
        using var model = Model(endpoint, new PolicyOptions { Hedge = HedgeMode.Delay, HedgeAfter = TimeSpan.FromMilliseconds(50), AttemptWithin = TimeSpan.FromSeconds(60), Within = TimeSpan.FromSeconds(60) });
        Assert.Equal("quick", await Ask(model, default));
        await hung.Left;
        Assert.Equal(2, endpoint.Requests.Count);
    }

    private static OpenAiAnswerModel Model(StandInEndpoint endpoint, PolicyOptions options, TimeProvider? time = null)
    {
        var policies = new PoliciesOptions();
        policies.Dependencies[OpenAiAnswerModel.Dependency] = options;
        return new OpenAiAnswerModel(new AnswerModelOptions { Url = endpoint.Url, Name = "stand-in" }, time ?? TimeProvider.System, new LonePolicies(policies, new Random(7), time ?? TimeProvider.System), NullLogger<OpenAiAnswerModel>.Instance);
    }

    private static async Task<string> Ask(OpenAiAnswerModel model, CancellationToken cancellation)
    {
        var said = "";
        await foreach (var piece in model.Answer(new AnswerPrompt("Who owns it?", [], []), cancellation))
            said += piece;
        return said;
    }

    private sealed class Hanging
    {
        private readonly TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Left => left.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public async Task Act(HttpContext context)
        {
            using var heard = context.RequestAborted.Register(() => left.TrySetResult());
            await left.Task;
        }
    }
}
