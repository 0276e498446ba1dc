namespace Sophia.Pipelines;

public enum TransformKind
{
    /// <summary>Keeps the named fields and no other.</summary>
    Select = 1,
    Rename = 2,
    Cast = 3,
    Derive = 4,
    Flatten = 5,
    Mask = 6,

    /// <summary>Records of which the condition is not true leave, and are counted.</summary>
    Filter = 7,

    /// <summary>One record for each item of an array.</summary>
    Split = 8,
}

/// <summary>One step of a stream's transforms, as its author states it. Steps are done in their order.</summary>
/// <param name="Text">The condition of a filter, the separator of a flattening; else empty.</param>
public sealed record TransformDefinition(TransformKind Kind, IReadOnlyList<TransformField> Fields, string Text = "", int Line = 0)
{
    /// <summary>How deep a flattening goes: objects below that stay objects. 1 to 24.</summary>
    public int Depth { get; init; } = 24;

    public override string ToString() => $"{Kind}|{Text}|{Depth}|{string.Join(',', Fields)}";
}

/// <summary>What a step does with one field.</summary>
/// <param name="Value">The new name, the type, the expression, the kind of mask; of a split the field of an item that makes the key's part, empty for its number.</param>
/// <param name="Argument">The format of dates, how many characters a mask keeps; of a split the field that the number is put into.</param>
/// <param name="NullOnFailure">A value that cannot be cast becomes null and is counted; else the record is quarantined.</param>
public sealed record TransformField(string Name, string Value = "", string Argument = "", bool NullOnFailure = false);
