using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>The real time, and how far a test has moved it.</summary>
internal sealed class MovedTime : TimeProvider
{
    private long moved;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref moved));

    public void Move(TimeSpan by) => Interlocked.Add(ref moved, by.Ticks);
}

/// <summary>Which of a store's writes goes wrong, and how. What was written stays written.</summary>
internal sealed class FaultyKeys(IIdempotencyStore inner) : IIdempotencyStore
{
    private int writes;

    /// <summary>From 1; 0: none.</summary>
    public int FaultAt { get; set; }

    public bool TookPlace { get; set; }

    public bool Happened { get; private set; }

    public Task<IdempotencyRecord?> Find(TenantId tenant, string name, CancellationToken cancellation) => inner.Find(tenant, name, cancellation);

    public async Task<(bool Done, IdempotencyRecord? There)> Write(TenantId tenant, string name, long expected, IdempotencyRecord record, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref writes) != FaultAt)
            return await inner.Write(tenant, name, expected, record, cancellation);
        Happened = true;
        if (TookPlace)
            await inner.Write(tenant, name, expected, record, cancellation);
        throw new StorageException(StorageFault.Unknown, "The answer was lost.");
    }

    public Task<string?> Forget(TenantId tenant, string? after, int limit, CancellationToken cancellation) => inner.Forget(tenant, after, limit, cancellation);

    public Task<int> Sweep(TenantId tenant, DateTimeOffset now, int limit, CancellationToken cancellation) => inner.Sweep(tenant, now, limit, cancellation);
}

/// <summary>A silo that remembers keys, over the embedded store; the log is where effects are.</summary>
internal sealed class IdempotencyWorld : IAsyncDisposable
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private PipelineHost host = null!;
    private int holders;

    public MovedTime Time { get; } = new();

    public FaultyKeys Keys { get; private set; } = null!;

    public FaultyLog Log { get; private set; } = null!;

    public IIdempotent Idempotent => host.Services.GetRequiredService<IIdempotent>();

    public IGrainFactory Grains => host.Grains;

    public IdempotencySweeper Sweeper => host.Services.GetRequiredService<IdempotencySweeper>();

    /// <summary>Whether whoever counts what became of keys can be reached.</summary>
    public bool IsCounted { get; set; } = true;

    public static async Task<IdempotencyWorld> Start(Action<IdempotencyOptions>? configure = null)
    {
        var world = new IdempotencyWorld();
        world.host = await PipelineHost.Start(services =>
        {
            services.AddSingleton<TimeProvider>(world.Time);
            RuntimeTime.StaysReal(services);
            services.AddSingleton<IIncomingGrainCallFilter>(new Uncounted(world));
            services.AddIdempotency(options =>
            {
                options.AuditEvery = TimeSpan.FromSeconds(1);
                configure?.Invoke(options);
            }).AddIdempotent(() => $"holder-{Interlocked.Increment(ref world.holders)}");
            var keys = services.Last(service => service.ServiceType == typeof(IIdempotencyStore));
            services.AddSingleton<IIdempotencyStore>(provider => world.Keys = new FaultyKeys((IIdempotencyStore)ActivatorUtilities.CreateInstance(provider, keys.ImplementationType!)));
            var log = services.Last(service => service.ServiceType == typeof(ILogStore));
            services.AddSingleton<ILogStore>(provider => world.Log = new FaultyLog((ILogStore)log.ImplementationFactory!(provider)));
        });
        world.Ready();
        return world;
    }

    public async Task Restart()
    {
        await host.Down();
        await host.Up();
        Ready();
    }

    public IIdempotencyGrain Key(string name, TenantId? tenant = null) => Grains.GetGrain<IIdempotencyGrain>(TenantKey.Of(tenant ?? PipelineWorld.Tenant, name));

    public async Task<T> As<T>(Func<Task<T>> ask, TenantId? tenant = null)
    {
        using var _ = CallerContext.For(tenant ?? PipelineWorld.Tenant);
        return await ask();
    }

    public Task<ClaimAnswer> Claim(string name, string holder, string fingerprint = "f", TenantId? tenant = null) =>
        As(() => Key(name, tenant).Claim(new IdempotencyClaim(holder, fingerprint, "POST /x", Lease)), tenant);

    public Task<OnceAnswer> Once(string name, Func<OnceWork, Task<IdempotentOutcome?>> work, string fingerprint = "f", TenantId? tenant = null, CancellationToken cancellation = default) =>
        As(() => Idempotent.Once(new OnceRequest(tenant ?? PipelineWorld.Tenant, name, fingerprint, "POST /x", Lease), work, cancellation), tenant);

    /// <summary>The effect: one audit row under the operation's id. Its position is the answer, whoever asks.</summary>
    public async Task<IdempotentOutcome?> Effect(string operationId, TenantId? tenant = null, int writer = 0)
    {
        var payload = Encoding.UTF8.GetBytes($"\"{operationId}\"");
        var entry = new NewEntry(EntryType.Audit, "audit/effects", operationId, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
        var owner = new FencedWriter(Log, tenant ?? PipelineWorld.Tenant, $"effects/{operationId}/{writer}");
        return await owner.Append(new AppendBatch { Fence = FencedWriter.Unset, At = Time.GetUtcNow(), Entries = [entry], OnceKey = $"effect/{operationId}" }, default) switch
        {
            LogWrite.Done done => Answer(done.Committed.LastPosition),
            LogWrite.AlreadyDone before => Answer(before.Position),
            var other => throw new InvalidOperationException($"{other}"),
        };
    }

    public async Task<int> Effects(TenantId? tenant = null)
    {
        var (effects, after) = (0, 0L);
        while (await Log.Read(tenant ?? PipelineWorld.Tenant, after, 1_000, int.MaxValue, default) is { Count: > 0 } rows)
            (effects, after) = (effects + rows.Count(row => row.Stream == "audit/effects"), rows[^1].Position);
        return effects;
    }

    public static string Said(OnceAnswer answer) => answer is OnceAnswer.Done done ? Encoding.UTF8.GetString(done.Outcome.Body) : $"{answer}";

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private static IdempotentOutcome Answer(long position) => new(201, [], Encoding.UTF8.GetBytes($"{position}"));

    private sealed class Uncounted(IdempotencyWorld world) : IIncomingGrainCallFilter
    {
        public Task Invoke(IIncomingGrainCallContext context) => world.IsCounted || context.InterfaceMethod?.DeclaringType != typeof(IIdempotencyLedgerGrain) ? context.Invoke() : throw new TimeoutException("Nobody counts.");
    }

    private void Ready() => _ = (host.Services.GetRequiredService<IIdempotencyStore>(), host.Services.GetRequiredService<ILogStore>());
}
