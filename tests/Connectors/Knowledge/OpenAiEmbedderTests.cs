using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sophia.Chat;
using Sophia.Resilience;

namespace Sophia.Knowledge;

// Goal: whatever an endpoint does, there are vectors that can be kept or one honest failure, and the keys stay ours.
// Method: real HTTP on the loopback against stand-ins that answer, refuse, stall and send rubbish.
public sealed class OpenAiEmbedderTests
{
    private readonly Lines log = new();

    [Theory]
    [InlineData("""{"model":"acme/e5","data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}]}""")]
    [InlineData("""{"data":[{"embedding":"AABAQAAAgEA="},{"embedding":"AAAAAAAAAEA="}]}""")]
    public async Task Vectors_come_in_the_order_of_the_texts_as_numbers_or_as_base64_and_are_made_1_long(string answer)
    {
        await using var endpoint = await StandInEndpoint.Start(Sends(answer));
        using var embedder = Embedder(endpoint);
        var made = await embedder.GenerateAsync(["one", "two"]);
        Assert.Equal([[0.6f, 0.8f], [0f, 1f]], made.Select(m => m.Vector.ToArray()));
        var (authorization, body) = Assert.Single(endpoint.Requests);
        Assert.Equal("Bearer top-secret", authorization);
        Assert.Equal("""{"model":"acme/e5","input":["one","two"],"encoding_format":"base64"}""", body);
        var metadata = embedder.GetService<EmbeddingGeneratorMetadata>()!;
        Assert.Equal(("acme/e5", 2), (metadata.DefaultModelId, metadata.DefaultModelDimensions));
    }

    [Theory]
    [InlineData("""{"data":[]}""", "0 vectors for 1 texts")]
    [InlineData("""{"data":[{"embedding":[1,2]},{"embedding":[1,2]}]}""", "2 vectors for 1 texts")]
    [InlineData("""{"data":[{"index":7,"embedding":[1,2]}]}""", "text 7")]
    [InlineData("""{"data":[{"embedding":[0,0]}]}""", "zero or not finite")]
    [InlineData("""{"data":[{"embedding":"AADAfwAAwH8="}]}""", "zero or not finite")]
    [InlineData("""{"data":[{"embedding":[1e30,1e39]}]}""", "zero or not finite")]
    [InlineData("""{"data":[{"embedding":[1]}]}""", "1 and 1 numbers")]
    [InlineData("""{"data":[{"embedding":"AAA="}]}""", "no answer")]
    [InlineData("""{"data":[null]}""", "no answer")]
    [InlineData("""{"data":[{"embedding":{"a":1}}]}""", "no answer")]
    [InlineData("""{"data":[{"embedding":[1,"2"]}]}""", "no answer")]
    [InlineData("""{"error":"top-secret"}""", "no answer")]
    [InlineData("<html>", "no answer")]
    [InlineData("""{"model":"acme/bge","data":[{"embedding":[1,2]}]}""", "serves acme/bge, not acme/e5")]
    public async Task What_is_no_answer_is_told_and_no_vector_of_it_is_kept(string answer, string told)
    {
        await using var endpoint = await StandInEndpoint.Start(Sends(answer));
        using var embedder = Embedder(endpoint);
        var failure = await Assert.ThrowsAsync<EmbedderException>(() => embedder.GenerateAsync(["one"]));
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.False(failure.IsOfTheTexts);
        Assert.DoesNotContain("secret", failure.Message + string.Concat(log.Written), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_more_than_its_vectors_can_take_is_not_read()
    {
        var most = EmbeddingClient.MostBytes(1, 2);
        Assert.Equal(64 * 1024 + 1_024 + 64, most);
        await using var endpoint = await StandInEndpoint.Start(Sends(Vectors(1).PadRight((int)most)), Sends(Vectors(1).PadRight((int)most + 1)));
        using var embedder = Embedder(endpoint, adapt: o => o with { Dimensions = 2 });
        Assert.Single(await embedder.GenerateAsync(["one"]));
        Assert.Contains($"it sent more than {most} bytes", (await Assert.ThrowsAsync<EmbedderException>(() => embedder.GenerateAsync(["one"]))).Message);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_passing_refusal_is_repeated(int status)
    {
        await using var endpoint = await StandInEndpoint.Start(StandInEndpoint.Refuses(status, "0"), Sends(Vectors(1)));
        using var embedder = Embedder(endpoint);
        Assert.Single(await embedder.GenerateAsync(["one"]));
        Assert.Contains(log.Written, line => line.Contains($"answered {status}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(413, true)]
    [InlineData(422, true)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    [InlineData(302, false)]
    public async Task A_lasting_refusal_is_told_at_once_with_whether_the_texts_are_at_fault(int status, bool ofTheTexts)
    {
        await using var endpoint = await StandInEndpoint.Start(StandInEndpoint.Refuses(status), Sends(Vectors(1)));
        using var embedder = Embedder(endpoint);
        var failure = await Assert.ThrowsAsync<EmbedderException>(() => embedder.GenerateAsync(["one"]));
        Assert.Equal(ofTheTexts, failure.IsOfTheTexts);
        Assert.Contains($"answered {status}", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task An_endpoint_that_says_nothing_is_left_after_its_time_and_asked_once_more()
    {
        await using var endpoint = await StandInEndpoint.Start(StandInEndpoint.Stalls(), StandInEndpoint.Stalls());
        var time = new ManualTime();
        using var embedder = Embedder(endpoint, time: time);
        var asked = embedder.GenerateAsync(["one"]);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await endpoint.Asked();
            Assert.False(asked.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(6));
        }
        Assert.Contains("no answer within 6 seconds", (await Assert.ThrowsAsync<EmbedderException>(() => asked)).Message);
        Assert.Equal(2, endpoint.Requests.Count);
    }

    [Fact]
    public async Task Who_gives_up_is_not_told_that_the_model_failed()
    {
        await using var endpoint = await StandInEndpoint.Start(StandInEndpoint.Stalls());
        using var embedder = Embedder(endpoint);
        using var gone = new CancellationTokenSource();
        var asked = embedder.GenerateAsync(["one"], cancellationToken: gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task Where_the_primary_does_not_answer_the_secondary_does_with_its_own_key()
    {
        await using var primary = await StandInEndpoint.Start();
        await using var secondary = await StandInEndpoint.Start(Sends(Vectors(1)));
        using var embedder = Embedder(primary, secondary, retries: 0);
        Assert.Single(await embedder.GenerateAsync(["one"]));
        Assert.Equal("Bearer second-secret", Assert.Single(secondary.Requests).Authorization);
        Assert.DoesNotContain(log.Written, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_the_texts_are_at_fault_the_secondary_is_not_asked()
    {
        await using var primary = await StandInEndpoint.Start(StandInEndpoint.Refuses(413));
        await using var secondary = await StandInEndpoint.Start(Sends(Vectors(1)));
        using var embedder = Embedder(primary, secondary);
        Assert.True((await Assert.ThrowsAsync<EmbedderException>(() => embedder.GenerateAsync(["one"]))).IsOfTheTexts);
        Assert.Empty(secondary.Requests);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(2)]
    public async Task A_secondary_of_another_dimension_is_refused_and_says_so(int? dimensions)
    {
        await using var primary = await StandInEndpoint.Start(Sends(Vectors(1)));
        await using var secondary = await StandInEndpoint.Start(Sends("""{"data":[{"embedding":[1,2,3]}]}"""));
        using var embedder = Embedder(primary, secondary, o => o with { Dimensions = dimensions }, retries: 0);
        if (dimensions is null)
            await embedder.GenerateAsync(["one"]);
        else
            await primary.DisposeAsync();
        var failure = await Assert.ThrowsAsync<EmbedderException>(() => embedder.GenerateAsync(["two"]));
        Assert.Contains("gives vectors of 3 numbers, and those of acme/e5 have 2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secondary_of_another_model_is_refused_and_says_so()
    {
        await using var primary = await StandInEndpoint.Start();
        await using var secondary = await StandInEndpoint.Start(Sends("""{"model":"acme/bge","data":[{"embedding":[1,2]}]}"""));
        using var embedder = Embedder(primary, secondary, retries: 0);
        Assert.Contains("of the secondary: it serves acme/bge", (await Assert.ThrowsAsync<EmbedderException>(() => embedder.GenerateAsync(["one"]))).Message);
    }

    [Fact]
    public void Settings_are_read_from_the_environment_and_never_print_a_key()
    {
        var options = Read(("URL", "http://gpu:8080/v1/"), ("MODEL", "e5"), ("KEY", "k1"), ("DIMENSIONS", "768"), ("SECONDARY_URL", "https://b/v1/embeddings"), ("SECONDARY_KEY", "k2"))!;
        Assert.Equal(("http://gpu:8080/v1/embeddings", "https://b/v1/embeddings", 768), (options.Primary.Embeddings.AbsoluteUri, options.Secondary!.Embeddings.AbsoluteUri, options.Dimensions));
        Assert.Equal("e5 at gpu or b", options.ToString());
        Assert.Null(Read());
    }

    [Theory]
    [InlineData("ftp://x", "e5", "", "", "SOPHIA_EMBEDDING_URL is no http address")]
    [InlineData("http://x", "", "", "", "SOPHIA_EMBEDDING_MODEL must say")]
    [InlineData("http://x", "e5", "1", "", "SOPHIA_EMBEDDING_DIMENSIONS is a number from 2")]
    [InlineData("http://x", "e5", "many", "", "SOPHIA_EMBEDDING_DIMENSIONS is a number from 2")]
    [InlineData("http://x", "e5", "", "nowhere", "SOPHIA_EMBEDDING_SECONDARY_URL is no http address")]
    [InlineData("", "", "", "http://b", "given without SOPHIA_EMBEDDING_URL")]
    public void Settings_that_make_no_sense_are_refused_by_name(string url, string model, string dimensions, string secondary, string told) =>
        Assert.Contains(told, Assert.Throws<FormatException>(() => Read(("URL", url), ("MODEL", model), ("DIMENSIONS", dimensions), ("SECONDARY_URL", secondary))).Message);

    [Fact]
    public void Without_settings_no_model_is_added() => Assert.Empty(new ServiceCollection().AddEmbeddingModel(_ => null));

    private static EmbeddingModelOptions? Read(params (string Name, string Value)[] variables) =>
        EmbeddingModelOptions.FromEnvironment(name => variables.FirstOrDefault(v => $"SOPHIA_EMBEDDING_{v.Name}" == name).Value);

    private static string Vectors(int count) => $$"""{"data":[{{string.Join(',', Enumerable.Repeat("""{"embedding":[1,2]}""", count))}}]}""";

    private static Func<HttpContext, Task> Sends(string answer) => StandInEndpoint.Sends(answer, "application/json");

    private OpenAiEmbedder Embedder(StandInEndpoint primary, StandInEndpoint? secondary = null, Func<EmbeddingModelOptions, EmbeddingModelOptions>? adapt = null, TimeProvider? time = null, int retries = 1)
    {
        time ??= new ManualTime(); // It stands: no answer is late unless a test has it so.
        var options = new EmbeddingModelOptions
        {
            Primary = new EmbeddingEndpoint(primary.Url, "top-secret"), Secondary = secondary is null ? null : new EmbeddingEndpoint(secondary.Url, "second-secret"),
            Model = "acme/e5",
        };
        var policies = new PoliciesOptions();
        foreach (var dependency in (string[])[OpenAiEmbedder.Dependency, OpenAiEmbedder.SecondDependency])
            policies.Dependencies[dependency] = policies.Of(dependency) with { Retries = retries, RetryAfter = TimeSpan.Zero };
        return new OpenAiEmbedder(adapt?.Invoke(options) ?? options, time, new LonePolicies(policies, new Random(7), time), log);
    }

    private sealed class Lines : ILogger<OpenAiEmbedder>
    {
        public ConcurrentQueue<string> Written { get; } = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue(formatter(state, exception) + exception);
    }
}
