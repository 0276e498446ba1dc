namespace Sophia.Operations;

/// <summary>Something that a process must have reached once before work is sent to it.</summary>
public interface IReadyCondition
{
    /// <summary>Why not yet, in one sentence for an operator; null: it is reached.</summary>
    string? NotReadyBecause { get; }
}
