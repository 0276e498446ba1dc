namespace Sophia.Operations;

/// <summary>A method that comes to the same however often it is called: it changes nothing, or what it changes carries an id.
/// Where a call's outcome is unknown, because a silo died, it is called again.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RepeatableAttribute : Attribute;
