using Sophia.Log;
using Sophia.Operations;
using Sophia.Quality;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Replays a tenant's records through a definition; the key is the tenant.</summary>
/// <remarks>It keeps nothing and writes nothing, so it may answer any number of questions at a time; each answer is a bounded page.</remarks>
[StatelessWorker, InTenantPool]
internal sealed class ReplayGrain(ILogStore log, IRunStore runs, IQuarantineStore quarantine, IBatchJudges judges, TimeProvider time, ISecretBox? box = null) : Grain, IReplayGrain
{
    private TenantId Tenant => TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;

    public async Task<ReplayPage> Page(ReplayQuery query)
    {
        ReplayReader.Check(query);
        var tenant = Tenant;
        var replayer = new Replayer(await Definition(query), judges, time.GetUtcNow(), box is null ? null : () => box.Derive(MaskStep.Purpose(tenant)));
        var reader = new ReplayReader(tenant, query, log, runs, quarantine);
        var next = await reader.Read(was => replayer.Look(was), default);
        return replayer.Page(next, query.After is null ? await reader.Total(default) : null);
    }

    private async Task<PipelineDefinition> Definition(ReplayQuery query)
    {
        var text = query.DefinitionText ?? (await GrainFactory.GetGrain<IPipelineGrain>(TenantKey.Of(Tenant, query.Pipeline)).View())?.DefinitionText
            ?? throw new RefusedException(RefusalCode.NotFound, $"There is no pipeline \"{query.Pipeline}\".");
        var read = PipelineDefinitionReader.Read(text, query.FileName, query.Pipeline);
        return read.Definition ?? throw new RefusedException(RefusalCode.Invalid, "The definition is not valid.", read.Errors);
    }
}
