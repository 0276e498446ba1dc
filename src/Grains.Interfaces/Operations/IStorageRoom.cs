namespace Sophia.Operations;

/// <summary>How much room a place has that grows with use.</summary>
public enum RoomLevel
{
    Enough = 0,

    /// <summary>A warning: everything goes on.</summary>
    Short = 1,

    /// <summary>What makes the place grow is refused until there is room again: new records and uploads. Audit, sign-in, search, chat and deletes go on in what is left.</summary>
    None = 2,
}

/// <summary>A place as it was seen last.</summary>
/// <param name="Place">data, inbox or postgres.</param>
/// <param name="Said">What there is, in one sentence for an operator; names no path.</param>
public sealed record PlaceRoom(string Place, RoomLevel Level, long UsedBytes, long TotalBytes, string Said);

/// <summary>What this process knows of the room in the places it writes to. Asked before every write of records, so it answers from memory.</summary>
public interface IStorageRoom
{
    /// <summary>The place of dropped files.</summary>
    public const string Inbox = "inbox";

    IReadOnlyList<PlaceRoom> Places { get; }

    /// <summary>Why no records are taken now, in one sentence; null: they are. The inbox is no reason, because records do not lie there.</summary>
    string? RefusesRecords => Places.FirstOrDefault(place => place.Level == RoomLevel.None && place.Place != Inbox)?.Said;

    /// <summary>Why no files are taken now, in one sentence; null: they are.</summary>
    string? RefusesFiles => Places.FirstOrDefault(place => place.Level == RoomLevel.None)?.Said;
}
