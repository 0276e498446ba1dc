namespace Sophia.Log;

/// <summary>Where a stored version comes from, of a stream whose records are transformed before they are stored.</summary>
/// <param name="DefinitionVersion">The version of the pipeline's definition whose transforms made it.</param>
/// <param name="Item">Its number among the records that one source record was split into, from 1; 0: it was not split.</param>
/// <param name="Payload">What the source said, a UTF-8 JSON object (of a split one with this item alone in the list); empty where it is not kept because the stream masks.</param>
public sealed record EntrySource(int DefinitionVersion, int Item, ReadOnlyMemory<byte> Payload);
