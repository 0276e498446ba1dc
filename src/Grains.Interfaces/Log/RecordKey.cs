namespace Sophia.Log;

/// <summary>Which record: its stream and its key within it.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.RecordKey")]
public sealed record RecordKey([property: Id(0)] string Stream, [property: Id(1)] string Key);
