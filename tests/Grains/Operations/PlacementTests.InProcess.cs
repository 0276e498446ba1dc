using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Sophia.Knowledge;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Sophia's grains on several labelled silos; the embedder of each tells which silo it is.</summary>
public sealed class PlacementTests
{
    [Fact]
    public async Task Where_a_GPU_is_waited_for_calls_are_refused_with_the_reason_until_one_joins_and_again_when_it_is_gone()
    {
        await using var world = new World(options => options.GpuPolicy = GpuPolicy.Wait);
        await world.Add("cpu-1", "gpu=none");
        await world.Add("cpu-2");
        Assert.Equal("It waits for a silo labelled gpu=gh200; none of the 2 silos that could take it is one.", await world.Refused("acme"));
        await world.Add("gpu-1", "gpu=gh200");
        Assert.Equal("gpu-1", await world.Home("acme"));
        Assert.Equal("gpu-1", await world.Home("globex"));
        world.Kill("gpu-1");
        Assert.Contains("waits for a silo labelled gpu=gh200", await world.Refused("acme"));
        await world.Add("gpu-2", "gpu=gh200");
        Assert.Equal("gpu-2", await world.Home("acme"));
    }

    [Fact]
    public async Task Where_a_GPU_is_preferred_grains_live_elsewhere_and_move_when_one_joins_and_back_when_it_is_gone()
    {
        await using var world = new World(_ => { });
        await world.Add("cpu");
        Assert.Equal("cpu", await world.Home("acme"));
        await world.Add("gpu", "gpu=gh200");
        // The call that finds a better silo is still answered by the old one.
        Assert.Equal("cpu", await world.Home("acme"));
        await world.Comes("acme", "gpu");
        world.Kill("gpu");
        Assert.Equal("cpu", await world.Home("acme"));
    }

    [Fact]
    public async Task A_tenant_of_a_pool_lives_on_the_pool_s_silos_and_nobody_else_does()
    {
        await using var world = new World(options => options.Pools = new Dictionary<TenantId, string> { [TenantId.Parse("acme")] = "x", [TenantId.Parse("lost")] = "y" });
        await world.Add("pool-x", "pool=x");
        Assert.Equal("It waits for a silo of no pool; all 1 that are there are kept for some tenants.", await world.Refused("globex"));
        await world.Add("shared", "gpu=gh200");
        foreach (var tenant in (string[])["globex", "initech", "hooli"])
            Assert.Equal("shared", await world.Home(tenant));
        // Its pool goes before a GPU elsewhere, and does not let it go there.
        Assert.Equal("pool-x", await world.Home("acme"));
        Assert.Equal("pool-x", await world.Home("acme"));
        Assert.Equal("It waits for a silo labelled pool=y; none of the 2 that are there is one.", await world.Refused("lost"));
        await world.Add("pool-x-gpu", "pool=x,gpu=gh200");
        await world.Comes("acme", "pool-x-gpu");
    }

    [Fact]
    public void Every_grain_of_a_tenant_is_placed_by_its_tenant_s_pool()
    {
        Type[] ofNobody = [typeof(TenantDirectoryGrain), typeof(TenantEndGrain), typeof(SilosGrain), typeof(Queues.WorkDispatcherGrain), typeof(Resilience.FailureDomainsGrain), typeof(Resilience.DomainWatchGrain), typeof(Security.SignInThrottleGrain)];
        var grains = typeof(GpuPlacement).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Grain)) && !type.IsAbstract).Except(ofNobody);
        Assert.Empty(grains.Where(type => !type.IsDefined(typeof(InTenantPoolAttribute), false)).Select(type => type.Name));
    }

    private sealed class World(Action<PlacementOptions> configure) : IAsyncDisposable
    {
        private readonly InProcessCluster cluster = new();
        private readonly Dictionary<string, IHost> silos = [];
        private IHost? client;

        public async Task Add(string name, string labels = "")
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.UseOrleans(silo => silo.UseInProcessCluster(cluster).Configure<SiloOptions>(options => options.SiloName = name)
                .UseSiloMetadata(labels.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(SiloLabel.Parse).ToDictionary(label => label.Name, label => label.Value)));
            builder.Services.AddLogging().AddSophiaPlacement(configure).AddSingleton<ITextEmbedding>(new NamedEmbedding(name));
            silos[name] = builder.Build();
            await silos[name].StartAsync();
            client ??= await Client();
        }

        public void Kill(string name) => cluster.Kill(silos[name].Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);

        public async Task<string> Home(string tenant) => (await Grain(tenant).Embed(["where"], default)).Embedder.Model;

        public async Task<string> Refused(string tenant)
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => Home(tenant));
            Assert.Equal(RefusalCode.Unavailable, refused.Code);
            return refused.Message;
        }

        /// <summary>Returns when the tenant's grain lives on this silo; it moves between two calls.</summary>
        public async Task Comes(string tenant, string silo)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (await Home(tenant) != silo)
            {
                patience.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await client!.StopAsync();
            foreach (var silo in silos.Values)
                await silo.StopAsync();
        }

        private IEmbeddingGrain Grain(string tenant) => client!.Services.GetRequiredService<IGrainFactory>().GetGrain<IEmbeddingGrain>(TenantKey.Of(TenantId.Parse(tenant), "embedding"));

        private async Task<IHost> Client()
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.UseOrleansClient(one => one.UseInProcessCluster(cluster));
            var host = builder.Build();
            await host.StartAsync();
            return host;
        }
    }

    private sealed class NamedEmbedding(string name) : ITextEmbedding
    {
        public Task<EmbeddedTexts> Embed(TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancellation) =>
            Task.FromResult(new EmbeddedTexts(new EmbedderId(name, 1, 2), [new float[2]]));
    }
}
