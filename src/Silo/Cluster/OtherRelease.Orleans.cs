using Orleans.Runtime;
using Sophia.Operations;

namespace Sophia.Cluster;

/// <summary>Turns what a program of another release does not understand into a refusal, which whoever asked is told and may wait out.</summary>
/// <remarks>A method or message that only one of two releases knows cannot be read by the other, which answers that a type is missing.</remarks>
internal sealed class OtherRelease : IOutgoingGrainCallFilter
{
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (TypeLoadException)
        {
            throw OtherReleases.Refusal();
        }
    }
}
