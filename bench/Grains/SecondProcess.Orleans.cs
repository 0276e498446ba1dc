using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;

namespace Sophia.Bench;

/// <summary>Two silos in two processes over the loopback, with the membership in the first one's memory.</summary>
internal static class SecondProcess
{
    private const int Grains = 100;
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(1), LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Plays the second silo where that is what this process was started for; until its input ends.</summary>
    public static async Task<bool> IsMe(string[] args)
    {
        if (args is not ["silo", var own, var gateway, var primary])
            return false;
        using var host = Silo(Number(own), Number(gateway), Number(primary));
        await host.StartAsync();
        await Console.In.ReadToEndAsync();
        await host.StopAsync();
        return true;
    }

    public static async Task<SecondSilo?> Start()
    {
        var (first, second, gateway) = (FreePort(), FreePort(), FreePort());
        var here = Silo(first, FreePort(), first);
        await here.StartAsync();
        var there = Process.Start(new ProcessStartInfo("dotnet", [typeof(SecondProcess).Assembly.Location, "silo", Text(second), Text(gateway), Text(first)]) { RedirectStandardInput = true })!;
        var grains = here.Services.GetRequiredService<IGrainFactory>();
        var names = await LivingAt(grains, second);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client.UseLocalhostClustering(gateway));
        var outside = builder.Build();
        await outside.StartAsync();
        return new SecondSilo(grains, outside.Services.GetRequiredService<IGrainFactory>(), names, async () =>
        {
            await outside.StopAsync();
            there.StandardInput.Close();
            await there.WaitForExitAsync();
            await here.StopAsync();
        });
    }

    private static IHost Silo(int port, int gateway, int primary)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo => silo.UseLocalhostClustering(port, gateway, new IPEndPoint(IPAddress.Loopback, primary)));
        return builder.Build();
    }

    // Grains are placed anywhere: those that came to live on the other silo are the ones to call.
    private static async Task<List<string>> LivingAt(IGrainFactory grains, int port)
    {
        var (names, since) = (new List<string>(), Stopwatch.StartNew());
        for (var n = 0; names.Count < Grains; n++)
        {
            if (since.Elapsed > StartsWithin)
                throw new TimeoutException("No grain comes to live on the second silo.");
            if ((await grains.GetGrain<IPingGrain>($"far{n}").Where()).Contains($":{Text(port)}:", StringComparison.Ordinal))
                names.Add($"far{n}");
            else if (names.Count == 0)
                await Task.Delay(LookEvery);
        }
        return names;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
