using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Two silos that know nothing of each other over one store, as after a cut where each believes the other dead: every grain that is called on both has two activations.</summary>
/// <param name="join">Makes them silos of one cluster instead.</param>
internal sealed class TwoSilos(Action<ISiloBuilder>? join) : IAsyncDisposable
{
    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-two-" + Path.GetRandomFileName());
    private readonly List<IHost> hosts = [];

    public FakeFiles Files { get; } = new();

    public SiloOfTwo Older { get; private set; } = null!;

    public SiloOfTwo Younger { get; private set; } = null!;

    public ILogStore Log => hosts[0].Services.GetRequiredService<ILogStore>();

    public static async Task<TwoSilos> Start(Action<ISiloBuilder>? join = null)
    {
        var two = new TwoSilos(join);
        two.Older = await two.Add(services => services.AddSophiaStorage(storage => storage.DataFolder = two.root));
        two.Younger = await two.Add(two.ShareStores);
        return two;
    }

    public Task Until(Func<Task<bool>> come) => Eventually.Comes(come, "what was waited for");

    public async ValueTask DisposeAsync()
    {
        foreach (var host in hosts.AsEnumerable().Reverse())
        {
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }
        Directory.Delete(root, recursive: true);
    }

    private async Task<SiloOfTwo> Add(Action<IServiceCollection> stores)
    {
        var refusals = new Refusals();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddProvider(refusals);
        builder.UseOrleans(silo => Joined(silo).AddReminders().AddIncomingGrainCallFilter<TenantCallFilter>().AddIncomingGrainCallFilter<StorageFaultFilter>());
        builder.Services.AddSingleton(TimeProvider.System);
        stores(builder.Services);
        builder.Services.AddSingleton<ISourceKind>(Files);
        builder.Services.AddSingleton<ISecretResolver, NoSecrets>();
        builder.Services.AddSingleton<ISecretSource, RandomSecrets>();
        builder.Services.AddSophiaKnowledge();
        builder.Services.AddSophiaLog();
        builder.Services.AddSophiaQuality();
        builder.Services.AddSophiaPipelines(pipelines => (pipelines.BatchRecords, pipelines.Parallelism) = (2, 1));
        builder.Services.AddChatGrains();
        var search = new HeldSearch();
        builder.Services.AddSingleton<IPassageSearch>(search);
        Remembered[] copies = [new(true), new(false)];
        Array.ForEach(copies, copy => builder.Services.AddSingleton<ITenantCopies>(copy));
        var host = builder.Build();
        hosts.Add(host);
        await host.StartAsync();
        using (CallerContext.ForSystem("test"))
            await host.Services.GetRequiredService<ITenantGate>().Refresh(); // No call waits for the first list of tenants.
        return new SiloOfTwo(host.Services.GetRequiredService<IGrainFactory>(), refusals, search, host.Services.GetRequiredService<ITenantGate>(), copies[0], copies[1]);
    }

    private ISiloBuilder Joined(ISiloBuilder silo)
    {
        if (join is null)
            return silo.UseSingleSilo();
        join(silo);
        return silo;
    }

    private void ShareStores(IServiceCollection services)
    {
        var first = hosts[0].Services;
        services.AddSingleton(first.GetRequiredService<ILogStore>());
        services.AddSingleton(first.GetRequiredService<IErasureStore>());
        services.AddSingleton(first.GetRequiredService<Resilience.IIdempotencyStore>());
        services.AddSingleton(first.GetRequiredService<IRunStore>());
        services.AddSingleton(first.GetRequiredService<IQuarantineStore>());
        services.AddSingleton(first.GetRequiredService<IIndexStore>());
        services.AddSingleton(first.GetRequiredService<IVectorStore>());
        services.AddSingleton(first.GetRequiredService<IReminderTable>());
        services.AddSingleton(first.GetRequiredService<IStorageRoom>());
        foreach (var name in (string[])[Stores.Durable, Stores.Fast])
            services.AddGrainStorage(name, (_, _) => first.GetRequiredKeyedService<IGrainStorage>(name));
    }

    private sealed class NoSecrets : ISecretResolver
    {
        public string? Objection(TenantId tenant, SecretReference reference) => null;

        public ValueTask<string?> Resolve(TenantId tenant, SecretReference reference, CancellationToken cancellation) => ValueTask.FromResult<string?>("s3cret");

        public string NewSecret() => "s3cret";
    }

    private sealed class RandomSecrets : ISecretSource
    {
        public void Fill(Span<byte> bytes) => System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
    }
}

/// <summary>What a silo remembers of tenants: how often each was forgotten.</summary>
internal sealed class Remembered(bool ofRecords) : ITenantCopies
{
    public ConcurrentDictionary<TenantId, int> Forgotten { get; } = new();

    public bool HoldsRecords => ofRecords;

    public void Forget(TenantId tenant) => Forgotten.AddOrUpdate(tenant, 1, (_, times) => times + 1);
}

/// <summary>One of the two, as its callers see it.</summary>
internal sealed record SiloOfTwo(IGrainFactory Grains, Refusals Refusals, HeldSearch Search, ITenantGate Gate, Remembered OfRecords, Remembered OfOthers)
{
    public static readonly TenantId Tenant = TenantId.Parse("acme");

    public async Task<T> As<TGrain, T>(string key, Func<TGrain, Task<T>> ask) where TGrain : IGrainWithStringKey
    {
        using var _ = CallerContext.For(Tenant);
        return await ask(Grains.GetGrain<TGrain>(key));
    }

    /// <summary>Calls until the answer is as wanted.</summary>
    public Task<T> Until<TGrain, T>(string key, Func<TGrain, Task<T>> ask, Func<T, bool> wanted) where TGrain : IGrainWithStringKey =>
        Eventually.Get(() => As(key, ask), wanted, "the answer that was waited for");
}

/// <summary>The writes that a store refused because their writer was no longer the one, by event and as the log tells them.</summary>
internal sealed class Refusals : ILoggerProvider, ILogger
{
    public const int StaleEpoch = 2310, StaleState = 2311, StaleCursor = 3120;

    private readonly ConcurrentQueue<(int Event, string Text)> told = [];

    public IReadOnlyList<string> Of(int number) => [.. told.Where(one => one.Event == number).Select(one => one.Text)];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id is StaleEpoch or StaleState or StaleCursor)
            told.Enqueue((eventId.Id, formatter(state, exception)));
    }

    public void Dispose()
    {
    }
}

/// <summary>Finds nothing, and that only when the test lets it: an answer is under way until then.</summary>
internal sealed class HeldSearch : IPassageSearch
{
    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously), go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether searches wait for <see cref="Go"/>.</summary>
    public bool Holds { get; set; }

    public Task Begun => begun.Task.WaitAsync(TimeSpan.FromMinutes(2));

    public void Go() => go.SetResult();

    public async Task<SearchAnswer> Search(TenantId tenant, SearchQuery query, CancellationToken cancellation)
    {
        begun.TrySetResult();
        if (Holds)
            await go.Task.WaitAsync(cancellation);
        return new SearchAnswer([], 0, 0, 0, 0);
    }
}
