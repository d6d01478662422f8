// A whole app: sign-up, sign-in, and notes that belong to who wrote them. It is
// plain aws-amplify; that a preamp answers is written in the configuration alone.
import { Amplify } from 'aws-amplify';
import { confirmSignUp, getCurrentUser, signIn, signOut, signUp } from 'aws-amplify/auth';
import { generateClient } from 'aws-amplify/api';
import configuration from './amplifyconfiguration.json';

Amplify.configure(configuration);
const api = generateClient({ authMode: 'userPool' });

const byId = (id) => document.getElementById(id);
const views = ['sign-in', 'sign-up', 'confirm', 'notes'];

function show(view, message = '') {
  for (const v of views) byId(v).hidden = v !== view;
  byId('sign-out').hidden = view !== 'notes';
  byId('message').textContent = message;
  byId('message').hidden = !message;
}

// on runs an action when a form is sent, and shows what it fails with.
function on(form, action) {
  byId(form).addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = event.target.querySelector('button');
    button.disabled = true;
    try {
      await action(Object.fromEntries(new FormData(event.target)));
      event.target.reset();
    } catch (error) {
      const { message } = error.errors?.[0] ?? error;
      byId('message').textContent = message;
      byId('message').hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}

let waiting; // who has signed up and not confirmed yet

on('sign-up', async ({ email, password }) => {
  await signUp({ username: email, password, options: { userAttributes: { email } } });
  waiting = { username: email, password };
  show('confirm');
});

on('confirm', async ({ code }) => {
  await confirmSignUp({ username: waiting.username, confirmationCode: code.trim() });
  await signIn(waiting);
  await openNotes();
});

on('sign-in', async ({ email, password }) => {
  const { nextStep } = await signIn({ username: email, password });
  if (nextStep.signInStep === 'CONFIRM_SIGN_UP') {
    waiting = { username: email, password };
    return show('confirm');
  }
  await openNotes();
});

on('add', async (input) => {
  await api.graphql({ query: 'mutation Add($input: CreateNoteInput!) { createNote(input: $input) { id } }', variables: { input } });
  await openNotes();
});

byId('sign-out').addEventListener('click', async () => {
  await signOut();
  show('sign-in');
});

for (const link of document.querySelectorAll('[data-show]')) {
  link.addEventListener('click', () => show(link.dataset.show));
}

async function openNotes() {
  const { data } = await api.graphql({ query: '{ listNotes(limit: 100) { items { id title text createdAt } } }' });
  const notes = data.listNotes.items.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  byId('list').replaceChildren(...notes.map(({ id, title, text }) => {
    const item = document.createElement('li');
    const head = document.createElement('h3');
    head.textContent = title;
    const body = document.createElement('p');
    body.textContent = text ?? '';
    const remove = document.createElement('button');
    remove.textContent = 'Delete';
    remove.setAttribute('aria-label', `Delete ${title}`);
    remove.addEventListener('click', async () => {
      await api.graphql({ query: 'mutation Delete($input: DeleteNoteInput!) { deleteNote(input: $input) { id } }', variables: { input: { id } } });
      await openNotes();
    });
    item.append(head, body, remove);
    return item;
  }));
  show('notes');
}

getCurrentUser().then(openNotes, () => show('sign-in'));
