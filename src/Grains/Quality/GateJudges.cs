using Sophia.Operations;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>Makes the gate of a definition: a stream's own rules, else those of "*".</summary>
internal sealed class GateJudges : IBatchJudges
{
    public IBatchJudge For(PipelineDefinition definition)
    {
        try
        {
            return new GateJudge(definition);
        }
        catch (RuleException wrong)
        {
            throw new RefusedException(RefusalCode.Invalid, $"The definition of {definition.Name} has a rule that cannot be used.", [wrong.Message]);
        }
    }

    private sealed class GateJudge : IBatchJudge
    {
        private readonly Dictionary<string, RuleSet> sets = new(StringComparer.Ordinal);
        private readonly RecordGate gate;

        public GateJudge(PipelineDefinition definition)
        {
            var compiled = definition.Streams.Values.Distinct().ToDictionary(stream => stream, RuleSet.Compile);
            gate = new RecordGate(definition.Gate, RulesOf, new UniqueWindow());

            RuleSet RulesOf(string stream)
            {
                if (!sets.TryGetValue(stream, out var rules))
                    sets[stream] = rules = definition.StreamOf(stream) is { } stated ? compiled[stated] : RuleSet.Empty;
                return rules;
            }
        }

        public BatchJudgement Judge(IReadOnlyList<KeyedRecord> records, DateTimeOffset now)
        {
            var result = gate.Judge(records, now);
            return new BatchJudgement(result.Reasons, result.Scores?.Mean);
        }
    }
}
