using System.Text.Json;
using Sophia.Log;
using Sophia.Pipelines;

namespace Sophia.Quality;

/// <summary>What the gate says of a batch.</summary>
/// <param name="Reasons">By index: why a record is held back; null where it passes.</param>
/// <param name="Warnings">What rules of level warning found, at most <see cref="RecordGate.MaxWarnings"/>; the records are stored.</param>
/// <param name="Scores">Null where no rule asks anything of any record.</param>
/// <param name="Held">The whole batch is held back: its mean is under the minimum, or a check under its floor.</param>
internal sealed record GateResult(IReadOnlyList<IReadOnlyList<CellReason>?> Reasons, IReadOnlyList<(int Index, CellReason Reason)> Warnings, QualityScores? Scores, IReadOnlyList<string> Details, bool Held);

/// <summary>Judges batches of records by their streams' rules: one pass over each payload, then each rule on the cells it found.</summary>
/// <remarks>
/// A failing record is held back with all its reasons and the rest goes on; a batch whose mean of the five scores is too low is held back whole.
/// A batch of one record is judged by its rules alone: its score would say the same again, and a warning would hold it.
/// Nothing is remembered from batch to batch but the claims on unique values.
/// </remarks>
internal sealed class RecordGate(GateDefinition gate, Func<string, RuleSet> rulesOf, IUniqueValues unique)
{
    public const int MaxWarnings = 100;

    private const double Rounding = 1e-9;

    private FoundCell[] found = [];
    private CellState[] states = [];
    private ExpressionValue[] values = [];

    private enum CellState : byte
    {
        Unchecked = 0,
        Right = 1,
        Wrong = 2,
    }

    public GateResult Judge(IReadOnlyList<KeyedRecord> records, DateTimeOffset now)
    {
        var counts = new QualityCounts { Records = records.Count };
        var reasons = new IReadOnlyList<CellReason>?[records.Count];
        var warnings = new List<(int, CellReason)>();
        for (var i = 0; i < records.Count; i++)
        {
            var (key, record) = records[i];
            if (record.Operation == RecordOperation.Delete || rulesOf(record.Stream) is not { IsEmpty: false } rules)
                continue;
            counts.Judged++;
            var judged = new Judged(rules, key, record.Stream, record.Payload.Span, now, counts);
            JudgeOne(ref judged);
            reasons[i] = judged.Errors;
            foreach (var warning in judged.Warnings ?? [])
                if (warnings.Count < MaxWarnings)
                    warnings.Add((i, warning));
        }
        var scores = counts.Scores();
        var held = records.Count > 1 && WhyHeld(scores) is { } why ? why : null;
        return new GateResult(held is null ? reasons : HoldAll(reasons, held), warnings, counts.Judged == 0 ? null : scores, counts.Details(), held is not null);
    }

    /// <summary>Why a batch is held whole, or null.</summary>
    public CellReason? WhyHeld(QualityScores scores)
    {
        if (scores.Mean < gate.MinimumScore - Rounding)
            return new CellReason("*", "batch", QualityScores.Show(scores.Mean), $"a mean of the five scores of at least {QualityScores.Show(gate.MinimumScore)}",
                $"The whole batch is held: {scores}. Release what is right, or correct the source.");
        foreach (var (check, score) in scores.Each)
            if (gate.Floors.TryGetValue(check, out var floor) && score < floor - Rounding)
                return new CellReason("*", "batch", QualityScores.Show(score), $"{check} of at least {QualityScores.Show(floor)}",
                    $"The whole batch is held: {scores}. Release what is right, or correct the source.");
        return null;
    }

    private static IReadOnlyList<CellReason>?[] HoldAll(IReadOnlyList<CellReason>?[] reasons, CellReason why)
    {
        CellReason[] alone = [why];
        return [.. reasons.Select(own => own is null ? alone : (IReadOnlyList<CellReason>)[.. own, why])];
    }

    private void JudgeOne(ref Judged judged)
    {
        var rules = judged.Rules;
        var fields = rules.Fields.Names.Count;
        if (found.Length < fields)
            (found, states) = (new FoundCell[fields], new CellState[fields]);
        Array.Clear(states, 0, fields);
        try
        {
            rules.Fields.Find(judged.Payload, found.AsSpan(0, fields));
        }
        catch (JsonException wrong)
        {
            judged.Counts.RequiredCells += rules.RequiredFields;
            judged.Counts.MissingCells += rules.RequiredFields;
            judged.Errors = [new CellReason("*", "json", null, "a JSON object", wrong.Message)];
            return;
        }
        AskRequired(ref judged);
        AskCells(ref judged);
        AskCrosses(ref judged);
        AskUnique(ref judged);
        foreach (var state in states.AsSpan(0, fields))
        {
            judged.Counts.CheckedCells += state == CellState.Unchecked ? 0 : 1;
            judged.Counts.WrongCells += state == CellState.Wrong ? 1 : 0;
        }
    }

    private Cell CellOf(ref Judged judged, int field) => FieldMap.CellOf(judged.Payload, found[field]);

    private void AskRequired(ref Judged judged)
    {
        judged.Counts.RequiredCells += judged.Rules.RequiredFields;
        var required = judged.Rules.Required;
        for (var i = 0; i < required.Count; i++)
        {
            var (rule, field) = required[i];
            if (found[field] is { Token: not (JsonTokenType.None or JsonTokenType.Null) } cell && !(cell.Token == JsonTokenType.String && cell.Length == 0))
                continue;
            if (FirstOf(required, i))
                judged.Counts.MissingCells++;
            judged.Blame(rule, found[field].Token == JsonTokenType.String ? "" : found[field].Token == JsonTokenType.Null ? "null" : null, "a value", "The field is missing, null or empty.");
        }
    }

    private void AskCells(ref Judged judged)
    {
        foreach (var rule in judged.Rules.Cells)
        {
            if (found[rule.Field].Token == JsonTokenType.None)
                continue;
            var cell = CellOf(ref judged, rule.Field);
            if (cell.IsEmpty)
                continue;
            var right = rule.Test(cell, judged.Now);
            if (rule.Definition.Kind == RuleKind.Age)
            {
                judged.Counts.DatedCells++;
                judged.Counts.OldCells += right ? 0 : 1;
            }
            else
                Note(rule.Field, right);
            if (!right)
                judged.Blame(rule.Definition, cell.Shown(), rule.Expected, rule.Hint);
        }
    }

    private void AskCrosses(ref Judged judged)
    {
        foreach (var rule in judged.Rules.Crosses)
        {
            if (values.Length < rule.Fields.Count)
                values = new ExpressionValue[rule.Fields.Count];
            for (var i = 0; i < rule.Fields.Count; i++)
                values[i] = found[rule.Fields[i]].Token == JsonTokenType.None ? default : ExpressionValue.Of(CellOf(ref judged, rule.Fields[i]));
            if (rule.Expression.Holds(values.AsSpan(0, rule.Fields.Count), judged.Now) is not { } holds)
                continue;
            Note(rule.Blamed, holds);
            if (!holds)
                judged.Blame(rule.Definition, ShowFields(ref judged, rule), rule.Definition.Arguments["expression"], "The fields are right each, and do not agree.");
        }
    }

    private void AskUnique(ref Judged judged)
    {
        foreach (var (rule, field) in judged.Rules.Unique)
        {
            if (found[field].Token == JsonTokenType.None)
                continue;
            var cell = CellOf(ref judged, field);
            if (cell.IsEmpty)
                continue;
            judged.Counts.UniqueCells++;
            if (unique.Claim(judged.Stream, rule.Name, cell.Bytes, judged.Key))
                continue;
            judged.Counts.RepeatedCells++;
            judged.Blame(rule, cell.Shown(), "a value that no other record of the stream has", "Another record came with the same value before; its key differs.");
        }
    }

    private string ShowFields(ref Judged judged, CrossRule rule)
    {
        var shown = new List<string>();
        foreach (var field in rule.Fields)
            shown.Add($"{judged.Rules.Fields.Names[field]}={(found[field].Token == JsonTokenType.None ? "missing" : CellOf(ref judged, field).Shown() ?? "null")}");
        return Cell.Clip(string.Join(", ", shown));
    }

    private void Note(int field, bool right) => states[field] = right && states[field] != CellState.Wrong ? CellState.Right : CellState.Wrong;

    private static bool FirstOf(IReadOnlyList<(RuleDefinition Rule, int Field)> required, int index)
    {
        for (var i = 0; i < index; i++)
            if (required[i].Field == required[index].Field)
                return false;
        return true;
    }

    private ref struct Judged(RuleSet rules, string key, string stream, ReadOnlySpan<byte> payload, DateTimeOffset now, QualityCounts counts)
    {
        public readonly RuleSet Rules = rules;
        public readonly string Key = key;
        public readonly string Stream = stream;
        public readonly ReadOnlySpan<byte> Payload = payload;
        public readonly DateTimeOffset Now = now;
        public readonly QualityCounts Counts = counts;
        public List<CellReason>? Errors;
        public List<CellReason>? Warnings;

        public void Blame(RuleDefinition rule, string? value, string expected, string? hint)
        {
            var reason = new CellReason(rule.Field, rule.Name, value, expected, hint);
            (rule.Level == RuleLevel.Error ? Errors ??= [] : Warnings ??= []).Add(reason);
        }
    }
}
