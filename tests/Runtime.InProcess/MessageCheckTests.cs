using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.InProcess;
using Orleans.Serialization;

namespace Sophia.Runtime.InProcess;

[GenerateSerializer, Immutable, Alias("inprocess.Numbers")]
public sealed record Numbers([property: Id(0)] IReadOnlyList<int> Values);

public interface INumbersGrain : IGrainWithIntegerKey
{
    Task<Numbers> Give(bool asArray);

    Task Take(IReadOnlyList<int> values);
}

public sealed class NumbersGrain : Grain, INumbersGrain
{
    public Task<Numbers> Give(bool asArray) => Task.FromResult(asArray ? new Numbers(new[] { 1, 2 }) : new Numbers([1, 2]));

    public Task Take(IReadOnlyList<int> values) => Task.CompletedTask;
}

/// <summary>Under test a message is refused that only this runtime could carry.</summary>
public sealed class MessageCheckTests
{
    [Fact]
    public async Task What_the_compiler_makes_of_a_collection_expression_is_refused_in_arguments_and_inside_immutable_results()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(new GrainAssembly(typeof(MessageCheckTests).Assembly));
        builder.UseOrleans(silo => silo.UseLocalhostClustering());
        using var host = builder.Build();
        await host.StartAsync();
        var grain = host.Services.GetRequiredService<IGrainFactory>().GetGrain<INumbersGrain>(1);
        Assert.Equal([1, 2], (await grain.Give(asArray: true)).Values);
        Assert.Contains("Numbers.<Values>", (await Assert.ThrowsAnyAsync<Exception>(() => grain.Give(asArray: false))).Message, StringComparison.Ordinal);
        Assert.Contains("ToArray()", (await Assert.ThrowsAnyAsync<CodecNotFoundException>(() => grain.Take([1, 2]))).Message, StringComparison.Ordinal);
        await host.StopAsync();
    }
}
