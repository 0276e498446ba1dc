using Microsoft.AspNetCore.Http.HttpResults;
using Sophia.Pipelines;

namespace Sophia.Pages;

/// <summary>The parts of a replay that a pipeline's page puts below each other.</summary>
internal static class ReplayPages
{
    public static void MapReplayPage(this IEndpointRouteBuilder pages) => pages.MapPost("/pages/pipelines/{name}/replay", Part).RequireAuthorization(Roles.Operator);

    private static async Task<IResult> Part(string name, ReplayRequest request, HttpContext context, IGrainFactory grains) =>
        new RazorComponentResult<ReplayPart>(new Dictionary<string, object?> { [nameof(ReplayPart.Page)] = await grains.ReplayPart(context, name, request) }) { PreventStreamingRendering = true };
}
