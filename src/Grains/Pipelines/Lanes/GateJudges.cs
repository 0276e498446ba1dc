namespace Sophia.Pipelines;

/// <summary>Judges every record as passing: what a pipeline without rules gets.</summary>
internal sealed class GateJudges : IBatchJudges, IBatchJudge
{
    public IBatchJudge For(PipelineDefinition definition) => this;

    public BatchJudgement Judge(IReadOnlyList<KeyedRecord> records, DateTimeOffset now) => new(new IReadOnlyList<Quality.CellReason>?[records.Count], 1);
}
