using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Something that a message can be sent to.</summary>
    public interface IAddressable;
}

namespace Orleans
{
    /// <summary>The root of every grain interface; extend one of the keyed ones.</summary>
    public interface IGrain : IAddressable;

    /// <summary>A grain whose key is a Guid.</summary>
    public interface IGrainWithGuidKey : IGrain;

    /// <summary>A grain whose key is a 64-bit integer.</summary>
    public interface IGrainWithIntegerKey : IGrain;

    /// <summary>A grain whose key is a string.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>A grain whose key is a Guid and a string.</summary>
    public interface IGrainWithGuidCompoundKey : IGrain;

    /// <summary>A grain whose key is a 64-bit integer and a string.</summary>
    public interface IGrainWithIntegerCompoundKey : IGrain;

    /// <summary>An interface through which grains notify objects that are no grains; its methods return void, Task or ValueTask.</summary>
    public interface IGrainObserver : IAddressable;
}
