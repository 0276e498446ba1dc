using Microsoft.AspNetCore.Builder;

namespace Sophia.Hosting;

/// <summary>In one process nothing is written to a wire; see Wire.Orleans.cs.</summary>
internal static class Wire
{
    public static void Check(WebApplicationBuilder builder) => _ = builder;
}
