using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.Serialization;

namespace Sophia.Hosting;

/// <summary>Within one silo Orleans writes no message down. This makes every argument, result and exception of the application's grain calls
/// take the way over the wire all the same, so that what could not cross to another silo fails here.</summary>
internal static class Wire
{
    public static void Check(WebApplicationBuilder builder) => builder.Host.UseOrleans(silo => silo.AddIncomingGrainCallFilter<Crossing>());

    private sealed class Crossing(Serializer serializer) : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceName?.StartsWith("Sophia.", StringComparison.Ordinal) != true && context.MethodName is not ("StartEnumeration" or "MoveNext"))
            {
                await context.Invoke();
                return;
            }
            for (var i = 0; i < context.Request.GetArgumentCount(); i++)
                if (context.Request.GetArgument(i) is { } argument and not CancellationToken and not IAddressable && context.InterfaceName!.StartsWith("Sophia.", StringComparison.Ordinal))
                    context.Request.SetArgument(i, Crossed(argument)!);
            try
            {
                await context.Invoke();
            }
            catch (Exception failure)
            {
                throw Crossed(failure)!;
            }
            if (context.Result is { } result)
                context.Result = Crossed(result);
        }

        private T? Crossed<T>(T value) where T : class => (T?)serializer.Deserialize<object>(serializer.SerializeToArray<object>(value));
    }
}
