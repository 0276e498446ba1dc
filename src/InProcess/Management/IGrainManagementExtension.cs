using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.Core.Internal;

/// <summary>What may be asked of any activation, whatever its class. A grain that is not active is activated first.</summary>
[Alias("Orleans.Core.Internal.IGrainManagementExtension")]
public interface IGrainManagementExtension : IAddressable
{
    /// <summary>Ends the activation once the calls that run now have ended; no filter of the called side is asked.</summary>
    [AlwaysInterleave]
    ValueTask DeactivateOnIdle();
}
