using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>A record with the key that it will be stored under.</summary>
internal readonly record struct KeyedRecord(string Key, SourceRecord Record);

/// <summary>What a gate says of one batch. Reasons are by index, null for a record that passes.</summary>
/// <param name="Score">The batch's mean of the five scores, 0 to 1; null where no rule asks anything of any of its records.</param>
internal sealed record BatchJudgement(IReadOnlyList<IReadOnlyList<CellReason>?> Reasons, double? Score);

/// <summary>Judges the batches of one partition in order. Pure but for what it remembers of the keys it saw.</summary>
internal interface IBatchJudge
{
    BatchJudgement Judge(IReadOnlyList<KeyedRecord> records, DateTimeOffset now);
}

/// <summary>Makes the judge that a definition asks for.</summary>
internal interface IBatchJudges
{
    IBatchJudge For(PipelineDefinition definition);
}
