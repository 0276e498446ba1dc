namespace Sophia.Operations;

/// <summary>The two named grain storages. Durable: acknowledged truth, written through to the disk. Fast: may be lost, and must never be the only memory of a yes.</summary>
public static class Stores
{
    public const string Durable = "durable";
    public const string Fast = "fast";
}
