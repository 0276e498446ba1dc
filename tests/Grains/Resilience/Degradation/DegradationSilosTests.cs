using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Sophia.Chat;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: several silos go by one level: one sick silo is alone, half of them are not, and a level outlives the silo that had its grain. Method: three silos of one cluster over one store; each says what it sees.
public sealed class DegradationSilosTests : IAsyncLifetime
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private const int Silos = 3;

    private readonly ManySilos silos = new();
    private readonly StateInMemory store = new();
    private readonly MemoryLog log = new();

    public async Task InitializeAsync()
    {
        for (var number = 0; number < Silos; number++)
        {
            var called = $"silo-{number}";
            await silos.Add(called, silo =>
            {
                silo.AddIncomingGrainCallFilter<TenantCallFilter>();
                silo.Services.AddLogging().AddSophiaPlacement().AddSingleton(TimeProvider.System).AddSingleton<ILogStore>(log);
                foreach (var name in (string[])[Stores.Durable, Stores.Fast])
                    silo.Services.AddGrainStorage(name, (_, _) => store);
                silo.Services.AddReplicas(replicas => (replicas.ExchangeEvery, replicas.RetryAfter, replicas.ProcessName) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100), called));
                silo.Services.AddBreakers(_ => { });
                silo.Services.AddDegradation(degradation => (degradation.StayFor, degradation.StepEvery, degradation.LookEvery, degradation.EvidenceFor) =
                    (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)));
            });
        }
    }

    public Task DisposeAsync() => silos.DisposeAsync().AsTask();

    [Fact]
    public async Task One_silo_that_fails_is_alone_and_half_of_them_turn_the_level_for_all()
    {
        foreach (var (silo, age) in (IEnumerable<(int, int)>)[(1, 11), (2, 22)])
        {
            Health(silo).Worked(Tenant, "airbyte");
            await Reported(silo, age);
        }
        Health(0).Failed(Tenant, "airbyte", "it hangs", times: 3);
        var view = await Reported(0, 33);
        Assert.Equal((DegradationLevel.Full, 0), (view.Level, view.History.Count));
        Health(1).Failed(Tenant, "airbyte", "it hangs", times: 3);
        await Everywhere(DegradationLevel.Partial, 0, 1, 2);
        Assert.All(Enumerable.Range(0, Silos), silo => Assert.True(Features(silo).Of(Tenant).IsOff(Feature.RealTimeSync)));
        Assert.Equal(DegradationLevel.Full, Features(2).Of(TenantId.Parse("other")).Level);
        Health(0).Worked(Tenant, "airbyte");
        Health(1).Worked(Tenant, "airbyte");
        await Everywhere(DegradationLevel.Full, 0, 1, 2);
    }

    [Fact]
    public async Task A_pipeline_s_source_that_fails_turns_no_level_until_three_tenants_say_the_same_of_its_type()
    {
        var (others, quiet) = (((string[])["globex", "initech"]).Select(TenantId.Parse).ToArray(), TenantId.Parse("quiet"));
        Health(0).SourceFailed(Tenant, "crm", "airbyte", "it hangs", times: 3);
        var view = await Eventually.Get(() => Ask(1, grain => grain.View()), view => view.Readings.Count > 0, "what fails");
        Assert.Equal((DegradationLevel.Full, new HealthReading("airbyte@crm", "it hangs")), (view.Level, view.Readings.Single()));
        Health(1).SourceFailed(others[0], "crm", "airbyte", "its token is refused", times: 3);
        Health(2).SourceFailed(others[1], "shop", "airbyte", "no such image", times: 3);
        await Eventually.Comes(() => Features(2).Of(quiet) is { Level: DegradationLevel.Partial, Because: "airbyte_failure: it fails for 3 of the 3 tenants that read from it lately" }, "the level of everybody");
        Health(0).SourceWorked(Tenant, "crm", "airbyte");
        await Eventually.Comes(() => Features(2).Of(quiet).Level == DegradationLevel.Full, "full for everybody");
    }

    [Fact]
    public async Task A_level_outlives_the_silo_that_had_its_grain()
    {
        for (var silo = 0; silo < Silos; silo++)
            Health(silo).Failed(Tenant, "airbyte", "it is gone", times: 3);
        await Everywhere(DegradationLevel.Partial, 0, 1, 2);
        var home = silos.HomeOf(Grain(0))!.Value;
        await silos.Kill(home);
        int[] left = [.. Enumerable.Range(0, Silos).Where(silo => silo != home)];
        // What a rule says counts before it is written: where the silo died in between, the others say again what they see.
        await Eventually.Get(() => Ask(left[0], grain => grain.View()), view => view.Level == DegradationLevel.Partial, "the level, in the grain's next activation");
        await Everywhere(DegradationLevel.Partial, left);
        await Ask(left[0], grain => grain.Hold(DegradationLevel.Minimal, "ada", "a drill", TimeSpan.FromMinutes(5), Tenant));
        await Everywhere(DegradationLevel.Minimal, left);
    }

    [Fact]
    public async Task A_change_that_the_audit_does_not_take_is_owed_to_it_also_after_the_silo_died_and_written_down_once()
    {
        log.Refuse = _ => new IOException("no disk");
        for (var silo = 0; silo < Silos; silo++)
            Health(silo).Failed(Tenant, "airbyte", "it is gone", times: 3);
        await Everywhere(DegradationLevel.Partial, 0, 1, 2);
        var turned = Assert.Single((await Ask(0, grain => grain.View())).History);
        await Eventually.Comes(() => store.Held("degradation") > 0, "the state, without its audit");
        var home = silos.HomeOf(Grain(0))!.Value;
        await silos.Kill(home);
        log.Refuse = _ => null;
        var left = (home + 1) % Silos;
        await Eventually.Comes(() =>
        {
            Features(left).Of(Tenant); // Wakes the grain again, as every call does.
            return log.Rows.Count > 0;
        }, "the entry");
        var entry = JsonDocument.Parse(Assert.Single(log.Rows).Payload).RootElement;
        Assert.Equal(("degradation-level", "acme: partial: airbyte_failure: it is gone", turned.At), (entry.GetProperty("what").GetString(), entry.GetProperty("because").GetString(), entry.GetProperty("at").GetDateTimeOffset()));
    }

    [Fact]
    public async Task An_audit_that_does_not_answer_holds_up_neither_the_level_nor_what_is_kept_of_it_and_has_the_entry_once_when_it_does()
    {
        var answers = new TaskCompletionSource();
        log.Answers = answers.Task;
        for (var silo = 0; silo < Silos; silo++)
            Health(silo).Failed(Tenant, "airbyte", "it is gone", times: 3);
        await Everywhere(DegradationLevel.Partial, 0, 1, 2);
        await Eventually.Comes(() => store.Held("degradation") > 0, "the state, without its audit");
        Assert.Equal(DegradationLevel.Partial, (await Ask(0, grain => grain.View())).Level);
        log.Answers = Task.CompletedTask;
        await Eventually.Comes(() => log.Rows.Count > 0, "the entry");
        answers.SetResult();
        await Ask(0, grain => grain.Hold(DegradationLevel.Full, "ada", "a drill", TimeSpan.FromMinutes(5), Tenant));
        Assert.Equal(["degradation-level", "degradation-hold"], log.Rows.Select(row => JsonDocument.Parse(row.Payload).RootElement.GetProperty("what").GetString()));
    }

    private IHealth Health(int silo) => silos.Get<IHealth>(silo);

    private IFeatures Features(int silo) => silos.Get<IFeatures>(silo);

    private IDegradationGrain Grain(int silo) => silos.Get<IGrainFactory>(silo).GetGrain<IDegradationGrain>(TenantKey.Of(Tenant));

    private async Task<T> Ask<T>(int silo, Func<IDegradationGrain, Task<T>> ask)
    {
        using var _ = CallerContext.ForSystem("test");
        return await ask(Grain(silo));
    }

    /// <summary>What a silo saw has come to the grain once it reads what only that one measures, and more of it than the others.</summary>
    private Task<DegradationView> Reported(int silo, int age)
    {
        Health(silo).Measured(Tenant, HealthSignal.QueueAge, age);
        return Eventually.Get(() => Ask(0, grain => grain.View()), view => view.Readings.Any(reading => reading.Said.Contains($"{age} s", StringComparison.Ordinal)), $"what silo {silo} saw");
    }

    private async Task Everywhere(DegradationLevel level, params int[] silos)
    {
        foreach (var silo in silos)
            await Eventually.Comes(() => Features(silo).Of(Tenant).Level == level, $"{level} on silo {silo}");
    }
}
