using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Resilience;

// Goal: whoever asks again on another silo, when the silo of the first caller has died, gets the one effect's answer. Method: silos of one cluster over one embedded store; the first caller's silo dies before its effect or after it.
public sealed class IdempotencySilosTests : IAsyncLifetime
{
    private const int Silos = 3;

    /// <summary>So long that only a dead caller lets it end.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private static readonly TenantId Tenant = TenantId.Parse("acme");

    private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-once-" + Path.GetRandomFileName());
    private readonly ManySilos silos = new();
    private readonly ServiceProvider stores;
    private int holders, writers;

    public IdempotencySilosTests() => stores = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSophiaStorage(storage => storage.DataFolder = root).BuildServiceProvider();

    private ILogStore Log => stores.GetRequiredService<ILogStore>();

    public async Task InitializeAsync()
    {
        for (var number = 0; number < Silos; number++)
            await silos.Add($"silo-{number}", silo =>
            {
                silo.AddIncomingGrainCallFilter<TenantCallFilter>();
                silo.Services.AddLogging().AddSophiaPlacement().AddSingleton(TimeProvider.System).AddSingleton(Log).AddSingleton(stores.GetRequiredService<IIdempotencyStore>());
                foreach (var storage in (string[])[Stores.Durable, Stores.Fast])
                    silo.Services.AddGrainStorage(storage, (_, _) => stores.GetRequiredKeyedService<IGrainStorage>(storage));
                silo.Services.AddOptions<IdempotencyOptions>();
                silo.Services.AddIdempotent(() => $"holder-{Interlocked.Increment(ref holders)}");
            });
    }

    public async Task DisposeAsync()
    {
        await silos.DisposeAsync();
        await stores.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_first_caller_s_silo_dies_another_takes_over_and_there_is_one_effect(bool afterTheEffect)
    {
        var (reached, held) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var grain = silos.Grains(0).GetGrain<IIdempotencyGrain>(IdempotencyKey.Of(Tenant, "pay"));
        _ = Once(0, async work =>
        {
            var outcome = afterTheEffect ? await Effect(work) : null;
            reached.SetResult();
            await held.Task;
            return outcome ?? await Effect(work);
        });
        await reached.Task;
        // Beside its lease, which the living caller renews, nobody does the work.
        Assert.IsType<OnceAnswer.Running>(await Once(1, _ => throw new InvalidOperationException("it was done beside the first")));
        Assert.NotNull(silos.HomeOf(grain));
        await silos.Kill(0);
        var takeovers = new List<bool>();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(caller => Eventually.Get(() => Once(1 + caller % 2, async work =>
        {
            lock (takeovers)
                takeovers.Add(work.IsTakeover);
            return await Effect(work);
        }), answer => answer is OnceAnswer.Done, "an answer")));
        Assert.Equal([true], takeovers);
        Assert.Equal(1, answers.Count(answer => answer is OnceAnswer.Done { Replayed: false }));
        var told = Assert.Single(answers.Select(answer => Encoding.UTF8.GetString(((OnceAnswer.Done)answer).Outcome.Body)).Distinct());
        var effect = Assert.Single(await Effects());
        Assert.Equal($"{effect.Position}", told);
        held.SetResult();
    }

    private async Task<OnceAnswer> Once(int silo, Func<OnceWork, Task<IdempotentOutcome?>> work)
    {
        using var _ = CallerContext.For(Tenant);
        return await silos.Get<IIdempotent>(silo).Once(new OnceRequest(Tenant, "pay", "f", "POST /pay", Lease), work, default);
    }

    /// <summary>One audit row under the operation's id; its position is the answer, whoever asks.</summary>
    private async Task<IdempotentOutcome?> Effect(OnceWork work)
    {
        var payload = Encoding.UTF8.GetBytes($"\"{work.OperationId}\"");
        var entry = new NewEntry(EntryType.Audit, "audit/effects", work.OperationId, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
        var owner = new FencedWriter(Log, Tenant, $"effects/{Interlocked.Increment(ref writers)}");
        return await owner.Append(new AppendBatch { Fence = FencedWriter.Unset, At = TimeProvider.System.GetUtcNow(), Entries = [entry], OnceKey = $"effect/{work.OperationId}" }, default) switch
        {
            LogWrite.Done done => new IdempotentOutcome(201, [], Encoding.UTF8.GetBytes($"{done.Committed.LastPosition}")),
            LogWrite.AlreadyDone before => new IdempotentOutcome(201, [], Encoding.UTF8.GetBytes($"{before.Position}")),
            var other => throw new InvalidOperationException($"{other}"),
        };
    }

    private async Task<IReadOnlyList<LogEntry>> Effects() => [.. (await Log.Read(Tenant, 0, 1_000, int.MaxValue, default)).Where(row => row.Stream == "audit/effects")];
}
