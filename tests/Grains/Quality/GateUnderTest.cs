using System.Text;
using Sophia.Log;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>A gate over rules in the words of a definition, and records in JSON.</summary>
internal static class GateUnderTest
{
    public static readonly DateTimeOffset Now = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static RuleDefinition Rule(RuleKind kind, string field, RuleLevel level = RuleLevel.Error, IReadOnlyList<string>? values = null, params (string Name, string Value)[] arguments) =>
        new($"{kind}:{field}", kind, field, level, arguments.ToDictionary(a => a.Name, a => a.Value), values ?? []);

    public static RuleDefinition Check(string expression, string field = "a") => Rule(RuleKind.CrossField, field, arguments: ("expression", expression));

    public static RecordGate Gate(GateDefinition gate, params RuleDefinition[] rules)
    {
        var set = RuleSet.Compile(new StreamDefinition { Rules = rules });
        return new RecordGate(gate, _ => set, new UniqueWindow());
    }

    public static GateResult Judge(GateDefinition gate, RuleDefinition[] rules, params string[] payloads) => Gate(gate, rules).Judge(Records(payloads), Now);

    public static KeyedRecord[] Records(params string[] payloads) =>
        [.. payloads.Select((json, i) => new KeyedRecord($"k{i}", new SourceRecord("s", $"k{i}", RecordOperation.Upsert, Encoding.UTF8.GetBytes(json), 0, json.Length, i + 1)))];

    /// <summary>The reasons of one record under one rule; empty where it passes.</summary>
    public static IReadOnlyList<CellReason> Reasons(RuleDefinition rule, string payload) => Judge(new GateDefinition(), [rule], payload).Reasons[0] ?? [];
}
