using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>One step, ready to be done. It holds no state but that of its row.</summary>
internal abstract class TransformStep(TransformDefinition definition)
{
    public TransformDefinition Definition => definition;

    /// <summary>Does the step; false: the record leaves. What it cannot do it says in the notes, and leaves the value as it was.</summary>
    public abstract bool Do(TransformRow row, TransformNotes notes);
}

/// <summary>What the steps found in one record.</summary>
internal sealed class TransformNotes
{
    /// <summary>The most reasons that one record carries.</summary>
    public const int MostFaults = 20;

    private readonly List<CellReason> faults = [];

    public DateTimeOffset Now { get; set; }

    /// <summary>Values that were made null because they could not be cast.</summary>
    public int Nulled { get; private set; }

    /// <summary>Whether values are shown in reasons; not where the stream masks some.</summary>
    public bool ShowsValues { get; init; } = true;

    public IReadOnlyList<CellReason>? Faults => faults.Count == 0 ? null : faults.ToArray();

    /// <summary>What could not be done, those beyond <see cref="MostFaults"/> too.</summary>
    public int FaultCount { get; private set; }

    public void Begin(DateTimeOffset now)
    {
        (Now, Nulled, FaultCount) = (now, 0, 0);
        faults.Clear();
    }

    public void Null() => Nulled++;

    public void Wrong(string field, string rule, string? value, string expected, string? hint)
    {
        if (++FaultCount <= MostFaults)
            faults.Add(new CellReason(field, rule, ShowsValues && value is not null ? Cell.Clip(value) : null, expected, hint));
    }
}
