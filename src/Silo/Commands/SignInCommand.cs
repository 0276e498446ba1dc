using System.CommandLine;
using System.Text.Json;
using Sophia.Cluster;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Prints a new one-time link for a browser.</summary>
internal static class SignInCommand
{
    public static Command Create()
    {
        var command = new Command("signin", "Print a link that signs one browser in, once, within 15 minutes.");
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            if (api.IsOwn)
                throw new CommandFailedException(HomeFolder.Serving(LocalCluster.DefaultFrontend) is null ? $"No Sophia is running to sign in to: run {SophiaCommand.Name} up."
                    : $"No Sophia is running on this data folder. The local cluster is: {SophiaCommand.Name} signin --data {LocalCluster.DefaultFrontend}");
            Console.Out.WriteLine((await api.Send(HttpMethod.Post, "api/signin-links", null, EdgeJson.Default.SignInLink, cancellation)).Url);
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>A new link of a Sophia that runs at an address, or null where it gives none.</summary>
    public static async Task<string?> Link(string? url, string? key, CancellationToken cancellation)
    {
        if (url is null || key is null)
            return null;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(url), DefaultRequestHeaders = { Authorization = new("Bearer", key) } };
        try
        {
            using var answer = await http.PostAsync(new Uri("/api/signin-links", UriKind.Relative), null, cancellation);
            return answer.IsSuccessStatusCode ? JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(cancellation), EdgeJson.Default.SignInLink)?.Url : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
