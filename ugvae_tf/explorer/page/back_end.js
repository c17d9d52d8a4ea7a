// Where images come from: the local server, or the network in this file.

class Server {
  async prior(beta) {
    return (await this.post('prior', {beta: Array.from(beta)})).json();
  }

  // Bytes of pixels [B, H, W, C] of z [B, L].
  async decode(zs, beta) {
    const answer = await this.post('decode', {z: zs.map((z) => Array.from(z)), beta: Array.from(beta)});
    return new Uint8Array(await answer.arrayBuffer());
  }

  images(group) {
    return `/groups/${group}`;
  }

  async post(name, content) {
    const headers = {'Content-Type': 'application/json'};
    const answer = await fetch(`/${name}`, {method: 'POST', headers, body: JSON.stringify(content)});
    if (!answer.ok) throw new Error(await answer.text());
    return answer;
  }
}

const data = JSON.parse(document.getElementById('data').textContent);
const facts = data.facts;
const backEnd = data.network ? new Network(data.network, data.images) : new Server();
