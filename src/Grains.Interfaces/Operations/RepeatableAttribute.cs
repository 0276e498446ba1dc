namespace Sophia.Operations;

/// <summary>A method that comes to the same however often it is called: it changes nothing, or what it changes carries an id.
/// Where a call's outcome is unknown, because a silo died or said nothing for <see cref="Quick"/>, it is called again.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RepeatableAttribute : Attribute
{
    /// <summary>How long such a call may take before it is made again: 3 s. Every other call has the runtime's 30 s.</summary>
    public const string Quick = "00:00:03";
}
