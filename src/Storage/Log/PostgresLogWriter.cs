using Sophia.Pipelines;
using Sophia.Postgres;
using Sophia.Quality;

namespace Sophia.Log;

/// <summary>One append within an open transaction, in one round trip that asks for everything that decides; what it writes goes out with the next append of its group, or with the commit.</summary>
/// <remarks>What can refuse is asked first, so a refusal has written nothing and leaves the others of its group alone.</remarks>
internal sealed class PostgresLogWriter(TenantTransaction transaction, PreparedBatch prepared)
{
    private readonly AppendBatch batch = prepared.Batch;
    private readonly PostgresNaming naming = new(transaction, prepared.Batch);
    private readonly PostgresHeads heads = new(prepared);
    private readonly PostgresQuarantine quarantine = new(transaction, prepared.Batch);
    private readonly PostgresErasure erasure = new(transaction, prepared);

    public async Task<AppendOutcome> Append()
    {
        await naming.LookUp();
        var touches = false;
        var refusal = await transaction.Ask(ask =>
        {
            PostgresOwners.AskRefusal(ask, batch);
            quarantine.AskDecided(ask);
            PostgresRuns.AskWhetherThere(ask, batch);
            erasure.Ask(ask);
            heads.Ask(ask, transaction.Memory);
        }, async reader =>
        {
            var refused = await PostgresOwners.Refusal(reader, batch);
            var notHeld = await quarantine.Refusal(reader);
            var runIsThere = await reader.ReadAsync();
            await reader.NextResultAsync();
            touches = await PostgresErasure.Touches(reader);
            await heads.Read(reader);
            if (refused is null && notHeld is null && !runIsThere && batch.RunDelta is { } delta && batch.RunRow?.RunId != delta.RunId)
                throw new InvalidOperationException($"The run {delta.RunId} has no row to add to: append its RunRow first.");
            return refused ?? notHeld;
        });
        if (refusal is not null)
            return refusal;
        if (touches)
            await erasure.Look();
        if (batch.Erases.Count > 0)
            await erasure.Learn();
        return await Write();
    }

    private async Task<AppendOutcome> Write()
    {
        var rows = new PostgresRows(prepared, transaction.Counters, naming, heads, erasure);
        var written = rows.Judge() with { BlockedItems = quarantine.Sort(erasure.Holds) };
        await transaction.Tell(tell =>
        {
            quarantine.Write(tell);
            naming.Write(tell);
            rows.Write(tell);
            heads.Write(tell);
            erasure.Write(tell);
            foreach (var checkpoint in batch.Checkpoints)
                Write(tell, checkpoint);
            PostgresRuns.Write(tell, batch, written, batch.RunRow is null ? 0 : ++transaction.Counters.Name);
            PostgresRetention.Look(tell, transaction.Memory, batch.At);
            written = written with { Next = PostgresOwners.Advance(tell, batch, written.LastPosition) };
        });
        return written;
    }

    private void Write(TenantStatements tell, CheckpointWrite checkpoint)
    {
        if (checkpoint.State is null)
            tell.Add("DELETE FROM sophia.checkpoints WHERE tenant=$1 AND pipeline=$2 AND partition=$3").Text(checkpoint.Pipeline).Text(checkpoint.Partition);
        else
            tell.Add("""
                INSERT INTO sophia.checkpoints(tenant, pipeline, partition, state, run, at) VALUES($1, $2, $3, $4, $5, $6)
                ON CONFLICT(tenant, pipeline, partition) DO UPDATE SET state=$4, run=$5, at=$6
                """).Text(checkpoint.Pipeline).Text(checkpoint.Partition).Text(checkpoint.State).Text(batch.Run).Time(batch.At);
    }
}
