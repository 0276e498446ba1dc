using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using StackExchange.Redis;

namespace Sophia.Cluster;

/// <summary>The keys that encrypt browsers' cookies, shared by all front ends of a cluster. Losing them signs browsers out and nothing else.</summary>
internal sealed class RedisBrowserKeys(ConfigurationOptions settings, string cluster) : IXmlRepository
{
    private readonly Lazy<ConnectionMultiplexer> connection = new(() => ConnectionMultiplexer.Connect(settings));
    private readonly RedisKey key = $"{cluster}/browser-keys";

    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. connection.Value.GetDatabase().ListRange(key).Select(element => XElement.Parse(element.ToString()))];

    public void StoreElement(XElement element, string friendlyName) =>
        connection.Value.GetDatabase().ListRightPush(key, element.ToString(SaveOptions.DisableFormatting));
}
