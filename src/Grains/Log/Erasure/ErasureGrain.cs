using Microsoft.Extensions.Logging;
using Sophia.Knowledge;
using Sophia.Operations;
using Sophia.Quality;
using Sophia.Resilience;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Erases records of one tenant; the key is the tenant.</summary>
/// <remarks>What was applied goes on until it is done, whatever dies in between: each step is kept when it is done and may be done twice, and a reminder wakes this grain. What may happen when is decided in
/// <see cref="ErasureRules"/>; the steps are <see cref="ErasureSteps"/>', done beside this grain's calls.</remarks>
[InTenantPool]
internal sealed partial class ErasureGrain(
    [PersistentState("erasure", Stores.Durable)] IPersistentState<ErasureState> stored,
    ILogStore log, IErasureStore erasures, IQuarantineStore quarantine, IIndexStore index, IRecordMarks marks, ITenantGate gate, IEnumerable<ITenantMemory> memories, IIdempotencyStore answers, TimeProvider time, ILogger<ErasureGrain> logger)
    : Grain, IErasureGrain, IRemindable, IErasureNeighbours
{
    /// <summary>The most marks or records that are allowed again at once.</summary>
    private const int MaxAllowed = 1_000;

    private const int MaxListed = 1_000;
    private static readonly TimeSpan IndexPatience = TimeSpan.FromSeconds(5);

    private SteadyWork work = null!;
    private string? waitsFor;
    private TenantId tenant;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        work = new SteadyWork(this, Goes, Step, Failed, time);
        work.Begin();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await work.Stop();
    }

    public async Task<ErasureView> Plan(ErasureSelection selection, string by)
    {
        _ = marks.Of(tenant, "", default); // Refused now where there is no key to make marks under.
        var after = ErasureRules.Plan(stored.State, ErasureRules.Checked(selection), by, await log.Head(tenant, work.Lifetime), time.GetUtcNow());
        await work.Remind();
        await Save(after);
        work.Begin();
        return ErasureRules.View(after.Current!, null);
    }

    public async Task<ErasureView> Apply(string token, string? reference, string by)
    {
        var after = ErasureRules.Apply(stored.State, token, reference, by, time.GetUtcNow());
        if (!ReferenceEquals(after, stored.State))
        {
            await Save(after);
            LogApplied(tenant.Value, after.Current!.Id, after.Current.Records.Count, after.Current.Items.Count, by);
        }
        work.Begin();
        return ErasureRules.View(after.Current!, null);
    }

    public async Task Drop()
    {
        await Save(ErasureRules.Drop(stored.State));
        await work.Forget();
    }

    public Task<ErasuresView> View() => Task.FromResult(new ErasuresView(
        stored.State.Current is { } job && !ErasureRules.IsOver(job, time.GetUtcNow()) ? ErasureRules.View(job, waitsFor) : null, [.. stored.State.Done.Reverse().Select(done => ErasureRules.View(done, null))]));

    public async Task<IReadOnlyList<BlockedRecord>> Blocked(BlockedRecord? after, int limit)
    {
        if (limit is < 1 or > MaxListed)
            throw new RefusedException(RefusalCode.Invalid, $"limit is 1 to {MaxListed}.");
        var from = after is null ? null : new BlockedMark(after.Stream, Mark(after.Mark), "", default);
        return [.. (await erasures.Blocked(tenant, from, limit, work.Lifetime)).Select(blocked => new BlockedRecord(blocked.Stream, RecordMark.Text(blocked.Mark), blocked.Erasure, blocked.At))];
    }

    public async Task<int> Allow(IReadOnlyList<string> allowed, IReadOnlyList<RecordKey> records, string by)
    {
        if (allowed.Count + records.Count is 0 or > MaxAllowed)
            throw new RefusedException(RefusalCode.Invalid, $"Name 1 to {MaxAllowed} records, by their marks or by stream and key.");
        if (records.Any(record => record is not { Stream.Length: > 0, Key: not null }))
            throw new RefusedException(RefusalCode.Invalid, "A record has a stream and a key.");
        if (stored.State.Current is { Phase: >= ErasurePhase.Blocking } going)
            throw new RefusedException(RefusalCode.Conflict, $"{going.Id} is being applied: wait for its end.");
        UInt128[] known = [.. allowed.Select(Mark).Concat(records.Select(record => marks.Of(tenant, record.Stream, System.Text.Encoding.UTF8.GetBytes(record.Key)))).Distinct()];
        await new ErasureAudit(log, tenant, time).Allowed(known, by);
        var stood = await erasures.Allow(tenant, known, work.Lifetime);
        LogAllowed(tenant.Value, stood, by);
        return stood;
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (stored.State.Current is { } job && ErasureRules.IsOver(job, time.GetUtcNow()))
            await Save(stored.State with { Current = null });
        if (stored.State.Current is null)
            await work.Forget();
        else
            work.Begin();
    }

    async Task IErasureNeighbours.Indexed(long position, CancellationToken cancellation)
    {
        var projection = GrainFactory.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, Projections.Index));
        await projection.Hint(position);
        await projection.WaitFor(position, IndexPatience, cancellation);
    }

    async Task IErasureNeighbours.Forget(IReadOnlyList<RecordKey> records)
    {
        foreach (var name in new[] { Projections.Index, Projections.Vectors })
            await GrainFactory.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, name)).Forget(records);
        await GrainFactory.GetGrain<IQualityGrain>(TenantKey.Of(tenant)).Forget();
    }

    Task IErasureNeighbours.ForgetCopies(CancellationToken cancellation) => new ErasureCopies(tenant, TellAll, gate, memories, answers, time).Forget(cancellation);

    private async Task TellAll()
    {
        using var _ = CallerContext.ForSystem("erasure of records");
        await GrainFactory.GetGrain<ITenantDirectoryGrain>(TenantKey.System).Forget(tenant);
    }

    private bool Goes() => ErasureRules.Goes(stored.State.Current) && (waitsFor = gate.Because(tenant)) is null;

    private async Task Step(CancellationToken cancellation)
    {
        using var _ = CallerContext.For(tenant);
        DelayDeactivation(SteadyWork.RemindEvery * 2);
        var job = stored.State.Current!;
        var after = await new ErasureSteps(tenant, log, erasures, index, marks, new ErasureLook(tenant, log, quarantine, erasures), this, time).Step(job, cancellation);
        if (!ReferenceEquals(job, stored.State.Current))
            return; // It was replaced or dropped meanwhile.
        await Save(after.Phase == ErasurePhase.Done ? ErasureRules.End(stored.State, after) : stored.State with { Current = after });
        if (after.Phase != job.Phase)
            LogStep(tenant.Value, job.Id, after.Phase);
    }

    private void Failed(Exception failure)
    {
        waitsFor = $"{(failure as StorageException)?.Plainly ?? failure.Message} It is tried again.";
        if (stored.State.Current is { } job)
            LogTrouble(tenant.Value, job.Id, job.Phase, failure);
    }

    private static UInt128 Mark(string? text) => (text is null ? null : RecordMark.Of(text)) ?? throw new RefusedException(RefusalCode.Invalid, "A mark is 32 hexadecimal digits.");

    private Task Save(ErasureState after) => stored.CommitAsync(after, onFailure: DeactivateOnIdle);

    [LoggerMessage(2130, LogLevel.Warning, "Tenant {Tenant}: {Erasure} is applied to {Records} records and {Items} quarantined items; {By} wants it")]
    private partial void LogApplied(string tenant, string erasure, int records, int items, string by);

    [LoggerMessage(2131, LogLevel.Information, "Tenant {Tenant}: {Erasure} has come to {Phase}")]
    private partial void LogStep(string tenant, string erasure, ErasurePhase phase);

    [LoggerMessage(2132, LogLevel.Error, "Tenant {Tenant}: {Erasure} ({Phase}) failed and is tried again")]
    private partial void LogTrouble(string tenant, string erasure, ErasurePhase phase, Exception failure);

    [LoggerMessage(2133, LogLevel.Warning, "Tenant {Tenant}: {Count} erased records may come again; {By} allowed it")]
    private partial void LogAllowed(string tenant, int count, string by);
}
