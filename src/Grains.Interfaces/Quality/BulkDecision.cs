namespace Sophia.Quality;

public enum BulkKind
{
    /// <summary>Stores the items as they are.</summary>
    Release = 1,

    /// <summary>Sets one field of each, judges it again, and stores what passes.</summary>
    Edit = 2,

    Discard = 3,
}

/// <summary>One decision on many held items: those of a pipeline, stream and rule, where they are named.</summary>
/// <param name="Field">The field that an edit sets; else only items with a reason for this field.</param>
/// <param name="ValueJson">What an edit sets the field to, as JSON.</param>
/// <param name="Replacements">Instead of one value: what each old value becomes; others stay as they are.</param>
/// <param name="DryRun">Nothing changes; the outcome says what would.</param>
/// <param name="Before">Only items of a lower number: <see cref="BulkOutcome.Next"/> of the call before.</param>
[GenerateSerializer, Immutable, Alias("Sophia.BulkDecision")]
public sealed record BulkDecision(
    [property: Id(0)] BulkKind Kind,
    [property: Id(1)] string? Pipeline,
    [property: Id(2)] string? Stream,
    [property: Id(3)] string? Rule,
    [property: Id(4)] string? Field,
    [property: Id(5)] string? Reason,
    [property: Id(6)] string? ValueJson,
    [property: Id(7)] IReadOnlyList<ValueReplacement> Replacements,
    [property: Id(8)] bool DryRun = false,
    [property: Id(9)] long? Before = null,
    [property: Id(10)] int Limit = 500)
{
    /// <summary>Items decided on in one call.</summary>
    public const int MaxItems = 500;
}

[GenerateSerializer, Immutable, Alias("Sophia.ValueReplacement")]
public sealed record ValueReplacement([property: Id(0)] string From, [property: Id(1)] string ToJson);

/// <summary>What became of the items that a bulk decision took; Next is where to go on, null at the end. Outcomes are the first 50.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.BulkOutcome")]
public sealed record BulkOutcome(
    [property: Id(0)] int Taken,
    [property: Id(1)] int Released,
    [property: Id(2)] int Discarded,
    [property: Id(3)] int StillHeld,
    [property: Id(4)] IReadOnlyList<QuarantineOutcome> Outcomes,
    [property: Id(5)] long? Next);
