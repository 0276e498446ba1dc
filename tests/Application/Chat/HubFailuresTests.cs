using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Chat;

// Goal: whatever goes wrong over the hub is told with the code and the words that REST has for it, and with nothing of its own text where nobody foresaw it.
// Method: the real application with a filter within all others that fails; streams by themselves.
public sealed class HubFailuresTests : IAsyncLifetime
{
    private static readonly Dictionary<string, Exception> Failures = new(StringComparer.Ordinal)
    {
        ["late"] = new TimeoutException("/secret"),
        ["raced"] = new Orleans.Storage.InconsistentStateException("/secret"),
        ["deadline"] = new RefusedException(RefusalCode.DeadlinePassed, "The caller's time is over."),
        ["broken"] = new InvalidOperationException("/secret"),
        ["gone"] = new OperationCanceledException("/secret"),
    };

    private readonly WrittenLines lines = new();

    private readonly SophiaApp app;

    public HubFailuresTests() => app = new SophiaApp
    {
        Adapt = builder =>
        {
            builder.Logging.AddProvider(lines);
            builder.Services.Configure<HubOptions>(static hub => hub.AddFilter(new Fails()));
        },
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Theory]
    [InlineData("late", "timeout: No answer came in time\\. .*Retry after 1 s\\.$")]
    [InlineData("raced", "unavailable: Somebody else changed the same thing at the same moment\\. Try again\\. Retry after 1 s\\.$")]
    [InlineData("deadline", "deadline-passed: The caller's time is over\\.$")]
    [InlineData("broken", "internal: Something failed that should not\\. The correlation id finds it in the log\\. It is [0-9a-f]{32}\\.$")]
    [InlineData("gone", "internal: ")]
    public async Task A_call_that_fails_says_the_code_that_REST_says(string session, string said)
    {
        await using var hub = await HubClient.Connect(app.Url, app.Running.OwnerKey);
        var failure = await Assert.ThrowsAsync<HubException>(() => hub.InvokeAsync<JsonElement>("Stop", session));
        Assert.Matches(said, failure.Message);
        Assert.DoesNotContain("/secret", failure.Message, StringComparison.Ordinal);
        if (said.StartsWith("internal", StringComparison.Ordinal))
            Assert.Contains(lines.All, line => line.Text.Contains("A call of the hub failed", StringComparison.Ordinal) && line.Text.Contains("/secret", StringComparison.Ordinal));
        Assert.Null(await Record.ExceptionAsync(() => hub.InvokeAsync<bool>("Stop", "well")));
    }

    [Theory]
    [InlineData("late", "^timeout: No answer came in time\\. Nothing was to be.*Retry after 1 s\\.$")]
    [InlineData("broken", "^internal: ")]
    public async Task A_stream_that_fails_says_it_too(string how, string said) =>
        Assert.Matches(said, (await Assert.ThrowsAsync<HubException>(() => Read(Ending(Failures[how])).AsTask())).Message.TrimEnd());

    [Fact]
    public async Task Who_ends_a_stream_himself_is_told_nothing()
    {
        using var left = new CancellationTokenSource();
        await left.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => Read(Ending(Failures["gone"]), left.Token).AsTask());
    }

    private static async ValueTask Read(IAsyncEnumerable<int> stream, CancellationToken cancellation = default)
    {
        await foreach (var _ in new HubStreams(TimeProvider.System, NullLogger.Instance).Bounded(stream, null, cancellation))
            continue;
    }

    private static async IAsyncEnumerable<int> Ending(Exception failure)
    {
        yield return 1;
        await Task.Yield();
        throw failure;
    }

    private sealed class Fails : IHubFilter
    {
        public ValueTask<object?> InvokeMethodAsync(HubInvocationContext call, Func<HubInvocationContext, ValueTask<object?>> next) =>
            call.HubMethodArguments is [string session, ..] && Failures.TryGetValue(session, out var failure) ? ValueTask.FromException<object?>(failure) : next(call);
    }
}
