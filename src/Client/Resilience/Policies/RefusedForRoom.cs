using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Lets a refusal for want of room leave an endpoint as a fact of the request, which <see cref="ProblemMiddleware"/> tells, and not as an exception through everything that stands before it.</summary>
/// <remarks>A flood is refused by the hundreds each second, and an exception is thrown anew in each method on its way: of all that the server allocated beside one, that was an eighth. Stands innermost; whoever acts on how a request ended asks <see cref="Of"/>.</remarks>
internal sealed class RefusedForRoom(RequestDelegate next)
{
    public static RefusedException? Of(HttpContext context) => context.Features.Get<RefusedException>();

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (RefusedException full) when (full.Code == RefusalCode.Busy && !context.Response.HasStarted)
        {
            context.Features.Set(full);
        }
    }
}
