using System.Reflection;
using System.Runtime.CompilerServices;

namespace Sophia.Operations;

/// <summary>Refuses a query parameter that the address does not take: a misspelt or misplaced one would change nothing, and the answer would be to another question.</summary>
/// <remarks>What an address takes is what its handler's signature says. Values are judged where they are bound (<see cref="BadRequests"/>).</remarks>
internal sealed class KnownParameters(RequestDelegate next)
{
    private readonly ConditionalWeakTable<Endpoint, string[]> taken = [];

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Query.Count > 0 && context.Request.Path.StartsWithSegments("/api") && context.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<MethodInfo>() is { } handler)
        {
            var names = taken.GetValue(endpoint, of => Taken((RouteEndpoint)of, handler));
            foreach (var name in context.Request.Query.Keys)
                if (!names.Contains(name, StringComparer.OrdinalIgnoreCase))
                    throw new RefusedException(RefusalCode.Invalid, $"{name}: this address takes no such parameter; {(names.Length == 0 ? "it takes none" : $"it takes {string.Join(", ", names)}")}.");
        }
        return next(context);
    }

    private static string[] Taken(RouteEndpoint endpoint, MethodInfo handler) =>
        [.. handler.GetParameters().Where(parameter => IsText(parameter.ParameterType) && endpoint.RoutePattern.GetParameter(parameter.Name!) is null).Select(parameter => parameter.Name!)];

    /// <summary>Whether it can come from a text of the address: all else is the body, or what the handler works with.</summary>
    private static bool IsText(Type type) => type == typeof(string) || type == typeof(string[])
        || (Nullable.GetUnderlyingType(type) ?? type) is { IsValueType: true } value && value != typeof(CancellationToken);
}
