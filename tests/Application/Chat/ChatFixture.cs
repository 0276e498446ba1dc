using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>The real application with a model whose words the test releases, and a search that finds one known record.</summary>
public sealed class ChatFixture : IAsyncLifetime
{
    public const string Fact = "Ann Lee owns the Acme account since March.";

    public ChatFixture() => App = new SophiaApp
    {
        Adapt = builder => builder.Services.AddSingleton<IAnswerModel>(Model).AddSingleton<IPassageSearch, OneRecord>(),
    };

    public SophiaApp App { get; }

    public PacedModel Model { get; } = new();

    public async Task InitializeAsync()
    {
        await App.InitializeAsync();
        await Store(App.Services, RunningSophia.DefaultTenant);
    }

    public Task DisposeAsync() => App.DisposeAsync();

    public static async Task Store(IServiceProvider services, TenantId tenant)
    {
        var log = services.GetRequiredService<ILogStore>();
        var payload = JsonSerializer.SerializeToUtf8Bytes(new { text = Fact });
        await log.Append(tenant, new AppendBatch
        {
            Fence = await log.Acquire(tenant, "tests/chat", default),
            At = DateTimeOffset.UnixEpoch,
            Entries = [new NewEntry(EntryType.Record, "crm", "acme", RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload))],
        }, default);
    }

    /// <summary>Finds the fact whatever is asked.</summary>
    public sealed class OneRecord : IPassageSearch
    {
        public Task<SearchAnswer> Search(TenantId tenant, SearchQuery query, CancellationToken cancellation)
        {
            var citation = new Citation("crm", "acme", 1, [new FieldSpan("text", 0, Fact.Length)]);
            return Task.FromResult(new SearchAnswer([new SearchHit(1, 1, citation, ChunkKind.Section, "Acme", Fact, [], null, [], null)], 1, 1, 1, 1));
        }
    }
}

/// <summary>A model that says the pieces that the test hands it, question by question; a question that nobody prepared is refused.</summary>
public sealed class PacedModel : IAnswerModel
{
    private readonly ConcurrentDictionary<string, Channel<string>> answers = new();

    public string Name => "paced";

    /// <summary>Where the pieces of the answer to a question are written; completing it ends the answer.</summary>
    public ChannelWriter<string> For(string question) => answers.GetOrAdd(question, _ => Channel.CreateBounded<string>(10_000)).Writer;

    /// <summary>Prepares a whole answer.</summary>
    public void Says(string question, params string[] pieces)
    {
        var writer = For(question);
        foreach (var piece in pieces)
            writer.TryWrite(piece);
        writer.TryComplete();
    }

    public async IAsyncEnumerable<string> Answer(AnswerPrompt prompt, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!answers.TryGetValue(prompt.Question, out var pieces))
            throw new AnswerModelException("it is not there");
        await foreach (var piece in pieces.Reader.ReadAllAsync(cancellation))
            yield return piece;
    }
}
