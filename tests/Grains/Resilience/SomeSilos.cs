using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sophia.Chat;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Several silos of one cluster and a front end over one store, each a process of its own as far as breakers know. Silos can be killed, pushes lost, and the store away or emptied.</summary>
internal sealed class SomeSilos(Action<BreakersOptions> options, Action<LimitsOptions>? limits = null) : IAsyncDisposable
{
    private readonly ManySilos silos = new();
    private readonly LossyPushes pushes = new();

    public static readonly TenantId Tenant = TenantId.Parse("acme");

    public static readonly QuotaPolicy Quota = new(2_000, 400);

    public StateInMemory Store { get; init; } = new();

    public MemoryLog Log { get; } = new();

    /// <summary>Whether no push arrives.</summary>
    public bool LosesPushes
    {
        set => pushes.AreLost = value;
    }

    public static async Task<SomeSilos> Start(int silos, BreakerOptions breaker)
    {
        var some = new SomeSilos(options => options.Default = breaker);
        for (var number = 0; number < silos; number++)
            await some.Add();
        return some;
    }

    public static Task<SomeSilos> Start(int silos, BreakerOptions breaker, params LimitPolicy[] limits) => Start(silos, breaker, new PenaltyRules(), limits);

    public static async Task<SomeSilos> Start(int silos, BreakerOptions breaker, PenaltyRules penalties, params LimitPolicy[] limits)
    {
        var some = new SomeSilos(options => options.Default = breaker, options =>
        {
            options.Penalties = penalties;
            options.Policies.AddRange(limits);
        });
        for (var number = 0; number < silos; number++)
            await some.Add();
        return some;
    }

    public IBreaker Breaker(int silo, string dependency = "model") => silos.Get<IBreakers>(silo).For(Tenant, dependency);

    /// <summary>What a process goes by.</summary>
    public BreakerCopy? Knows(int silo, string dependency = "model") => ((LocalBreaker)Breaker(silo, dependency)).Knows;

    public ILimit Limit(int silo) => Limits(silo).For(Tenant, "api")!;

    public Limits Limits(int silo) => silos.Get<Limits>(silo);

    public LimitBooks Books(int silo) => silos.Get<LimitBooks>(silo);

    public Replicas Replicas(int silo) => silos.Get<Replicas>(silo);

    public IGrainFactory Grains(int silo) => silos.Get<IGrainFactory>(silo);

    public async Task<T> Ask<T>(int silo, Func<ICircuitBreakerGrain, Task<T>> ask, string dependency = "model")
    {
        using var _ = CallerContext.ForSystem("test");
        return await ask(Grains(silo).GetGrain<ICircuitBreakerGrain>(TenantKey.Of(Tenant, dependency)));
    }

    public Task<BreakerView> View(int silo = 0, string dependency = "model") => Ask(silo, grain => grain.View(), dependency);

    /// <summary>The first view that fits; looked at on a silo that lives.</summary>
    public Task<BreakerView> Comes(BreakerPhase phase, int silo = 0, string dependency = "model") => Eventually.Get(() => View(silo, dependency), view => view.Phase == phase, $"{phase}");

    /// <summary>Every one of these processes goes by this phase.</summary>
    public async Task Everywhere(BreakerPhase phase, params int[] silos)
    {
        foreach (var silo in silos)
            await Eventually.Comes(() =>
            {
                Breaker(silo).TryEnter();
                return Knows(silo)?.Phase == phase;
            }, $"{phase} on silo {silo}");
    }

    /// <summary>Calls that fail, until the process itself lets none through.</summary>
    public async Task Fail(int silo, string dependency = "model")
    {
        var breaker = Breaker(silo, dependency);
        for (var entry = await breaker.Enter(default); !entry.IsRefused; entry = breaker.TryEnter())
            entry.Permit.Report(CallOutcome.Failed);
    }

    /// <summary>Twenty calls that succeed, as far as they are let through.</summary>
    public async Task Succeed(int silo, string dependency = "model")
    {
        for (var call = 0; call < 20; call++)
            if (await Breaker(silo, dependency).Enter(default) is { IsRefused: false, Permit: var permit })
                permit.Report(CallOutcome.Success);
    }

    /// <summary>The first probe that the process is given.</summary>
    public async Task<BreakerPermit> Probe(int silo) =>
        (await Eventually.Get(() => Task.FromResult(Breaker(silo).TryEnter()), entry => entry is { IsRefused: false, Permit.Probe: > 0 }, "a probe")).Permit;

    /// <summary>Where the breaker's grain lives; null: nowhere.</summary>
    public int? Home(string dependency = "model") => HomeOf(BreakerGrain(dependency));

    public int? HomeOf(IGrain grain) => silos.HomeOf(grain);

    public Task Kill(int silo) => silos.Kill(silo);

    /// <summary>The breaker's grain goes elsewhere, or begins anew where it is.</summary>
    public Task Move(string dependency = "model") => silos.Move(BreakerGrain(dependency));

    private ICircuitBreakerGrain BreakerGrain(string dependency) => Grains(0).GetGrain<ICircuitBreakerGrain>(TenantKey.Of(Tenant, dependency));

    public Task Add()
    {
        var called = $"silo-{silos.Count}";
        return silos.Add(called, silo =>
        {
            silo.AddIncomingGrainCallFilter<TenantCallFilter>();
            pushes.GoThrough(silo);
            silo.Services.AddLogging().AddSophiaPlacement().AddSingleton<ILogStore>(Log);
            foreach (var name in (string[])[Stores.Durable, Stores.Fast])
                silo.Services.AddGrainStorage(name, (_, _) => Store);
            silo.Services.AddReplicas(replicas => (replicas.ExchangeEvery, replicas.RetryAfter, replicas.LeavesWithin, replicas.ProcessName) = (TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1), called));
            silo.Services.AddBreakers(options);
            silo.Services.AddLimits(limits ?? (static limits => limits.Policies.Add(new LimitPolicy { Name = "api", Limit = Quota.Rate, Burst = Quota.Burst })));
        });
    }

    public ValueTask DisposeAsync() => silos.DisposeAsync();
}

/// <summary>Grain state in memory, with ETags, for all silos together; it may be away, and may lose what it holds.</summary>
internal sealed class StateInMemory : IGrainStorage, IKeptStates
{
    private readonly ConcurrentDictionary<(GrainId, string), (object State, string Tag)> held = new();
    private readonly Lock gate = new();
    private int tags;

    public bool IsAway { get; set; }

    /// <summary>The state that cannot be written now.</summary>
    public string? Refuses { get; set; }

    /// <summary>The states of this name of which the store says, where it has none, that it may have lost it.</summary>
    public string? LostLately { get; set; }

    /// <summary>Loses the states of this name without a word.</summary>
    public void Lose(string state)
    {
        foreach (var at in held.Keys)
            if (at.Item2 == state)
                held.TryRemove(at, out _);
    }

    /// <summary>How many states of this name there are.</summary>
    public int Held(string state) => held.Keys.Count(at => at.Item2 == state);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        MustBeThere();
        var found = held.TryGetValue((grainId, stateName), out var kept);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (found ? (T)kept.State : Activator.CreateInstance<T>(), found ? kept.Tag : stateName == LostLately ? Stores.Lost : null, found);
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        MustBeThere();
        if (stateName == Refuses)
            throw new IOException("The store is full.");
        lock (gate)
        {
            if ((held.TryGetValue((grainId, stateName), out var kept) ? kept.Tag : null) != (grainState.ETag == Stores.Lost ? null : grainState.ETag))
                throw new InconsistentStateException("Another activation wrote.");
            grainState.ETag = $"{++tags}";
            held[(grainId, stateName)] = (grainState.State!, grainState.ETag);
        }
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        held.TryRemove((grainId, stateName), out _);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<KeptState<T>>> Page<T>(TenantId tenant, string kind, string name, string? after, int limit, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<KeptState<T>>>(
        [.. held.Where(one => one.Key.Item2 == name && one.Key.Item1.Type.ToString() == kind).Select(one => new KeptState<T>(one.Key.Item1.Key.ToString()!, (T)one.Value.State))
            .Where(one => TenantKey.Parse(one.Key).Tenant == tenant && string.CompareOrdinal(one.Key, after) > 0).OrderBy(one => one.Key, StringComparer.Ordinal).Take(limit)]);

    private void MustBeThere()
    {
        if (IsAway)
            throw new IOException("The store is away.");
    }
}
