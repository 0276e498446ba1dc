using Sophia.Operations;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>The judges of a composition without a quality gate: everything passes, and a definition that states rules is refused rather than run without them.</summary>
internal sealed class RulelessJudges : IBatchJudges, IBatchJudge
{
    public IBatchJudge For(PipelineDefinition definition) => definition.Streams.Values.All(stream => stream.Rules.Count == 0) ? this
        : throw new RefusedException(RefusalCode.Unavailable, "The definition states rules, and nothing here judges by them: no quality gate is composed.");

    public BatchJudgement Judge(IReadOnlyList<KeyedRecord> records, DateTimeOffset now) => new(new IReadOnlyList<CellReason>?[records.Count], null);
}
