namespace Sophia.Log;

/// <summary>The stable codes of a failing store.</summary>
public enum StorageFault
{
    Unknown = 0,
    Full = 1,
    Corrupt = 2,
    Locked = 3,
    Unreachable = 4,
    NewerFormat = 5,
}

/// <summary>The store failed. Whether the write took place is unknown unless <see cref="Fault"/> is Full (it did not).</summary>
[GenerateSerializer, Alias("Sophia.StorageException")]
public sealed class StorageException(StorageFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    [Id(0)]
    public StorageFault Fault { get; } = fault;

    /// <summary>What any caller may be told of it: it names no path, server or tenant. Null: the kind of fault alone.</summary>
    [Id(1)]
    public string? Told { get; init; }

    /// <summary>The fault as any caller may read it.</summary>
    public string Plainly => Told ?? Fault switch { StorageFault.Unreachable => "The store does not answer.", StorageFault.Full => "The disk is full.", var fault => $"The store failed ({fault})." };
}
